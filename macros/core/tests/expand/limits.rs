// #[request(
//     get = "/",
//     timeout(total = 1m, attempt = 2.5s, idle = idle),
//     max_body = 64KiB,
//     error_body = kept,
// )]
// async fn slow(idle: Duration, kept: u64) -> Result<Bytes, Error>;

async fn slow(idle: Duration, kept: u64) -> Result<Bytes, Error> {
    let reader = ::backstop::expansion::decode::<Result<Bytes, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/")
        .timeout(::core::time::Duration::from_secs(60))
        .attempt_timeout(::core::time::Duration::from_millis(2500))
        .idle_timeout(idle)
        .max_body(65536)
        .error_body(kept)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::Outcome::from_result(reader.read(response))
}
