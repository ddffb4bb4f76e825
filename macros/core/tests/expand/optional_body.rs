// #[request(patch = "https://api.example.com/orders/{id}?{dry_run}", json(optional) = order)]
// async fn change(id: u64, dry_run: bool, order: Option<Order>) -> Result<Option<Receipt>, Error>;

async fn change(
    id: u64,
    dry_run: bool,
    order: Option<Order>,
) -> Result<Option<Receipt>, Error> {
    let reader = ::backstop::expansion::decode::<Result<Option<Receipt>, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::patch(
            "https://api.example.com/orders/{id}?{dry_run}",
        )
        .path("id", &id)
        .query_param("dry_run", &dry_run)
        .optional(::core::option::Option::as_ref(&order), ::backstop::Request::json)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
