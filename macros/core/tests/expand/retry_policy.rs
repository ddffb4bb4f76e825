// #[request(
//     post = "/orders",
//     json = order,
//     retry(
//         times = tries,
//         on(Connect | Timeout(Connect | Idle) | Status(429 | 500..=599)),
//         backoff(100ms..10s),
//         idempotency_key,
//         on_retry = retried,
//     ),
// )]
// async fn pay(tries: u32, order: &Order) -> Result<Receipt, Error>;

async fn pay(tries: u32, order: &Order) -> Result<Receipt, Error> {
    let reader = ::backstop::expansion::decode::<Result<Receipt, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::post("/orders")
        .json(&order)
        .retry(
            ::backstop::Retry::times(tries)
                .on(|error| match error.kind() {
                    ::backstop::ErrorKind::Connect(_)
                    | ::backstop::ErrorKind::Timeout(
                        ::backstop::TimeoutError::Connect
                        | ::backstop::TimeoutError::Idle,
                    )
                    | ::backstop::ErrorKind::Status(429 | 500..=599) => true,
                    _ => false,
                })
                .backoff(
                    ::core::time::Duration::from_millis(
                        100,
                    )..::core::time::Duration::from_secs(10),
                )
                .idempotency_key()
                .on_retry(retried),
        )
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
