// #[request(get = "/", fallback = 0)]
// async fn count() -> u8;

async fn count() -> u8 {
    let reader = ::backstop::expansion::decode::<u8>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> u8 {
        let mut failure = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(failure) => failure,
        };
        match failure.build_error() {
            ::core::option::Option::Some(kept) => kept,
            ::core::option::Option::None => failure.recover(0),
        }
    })
}
