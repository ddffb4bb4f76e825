// #[request(
//     post = "https://api.example.com/orders",
//     query = page + 1,
//     header("idempotency-key" = key, "accept" = "application/json"),
//     bearer = token().await,
//     json = order,
//     expect(200..=299 | 304),
// )]
// async fn order(page: u8, key: &str, order: Order) -> Result<Receipt, Error>;

async fn order(page: u8, key: &str, order: Order) -> Result<Receipt, Error> {
    let reader = ::backstop::expansion::decode::<Result<Receipt, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::post("https://api.example.com/orders")
        .query(&(page + 1))
        .header("idempotency-key", key)
        .header("accept", "application/json")
        .bearer_auth(token().await)
        .json(&order)
        .success_statuses(&[200..=299, 304..=304])
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
