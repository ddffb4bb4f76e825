// #[request(
//     post = "/orders",
//     query = pages(),
//     basic(user(), password()),
//     json = &order(),
//     retry(times = tries(), backoff(first()..longest())),
// )]
// async fn order_again() -> Result<Receipt, Error>;

async fn order_again() -> Result<Receipt, Error> {
    let reader = ::backstop::expansion::decode::<Result<Receipt, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::post("/orders").query(&pages());
    let user = ::std::string::ToString::to_string(&user());
    let request = request.basic_auth(user, password());
    let request = request.json(&order());
    let times = tries();
    let first = first();
    let longest = longest();
    let request = request
        .retry(::backstop::Retry::times(times).backoff(first..longest))
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
