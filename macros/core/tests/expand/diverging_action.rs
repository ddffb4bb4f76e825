// #[request(get = "/", on_error = panic!("no error is expected"), cleanup = release)]
// async fn root() -> Result<String, Error>;

async fn root() -> Result<String, Error> {
    let reader = ::backstop::expansion::decode::<Result<String, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<String, Error> {
        let _ = match reader.read(response) {
            ::core::result::Result::Ok(outcome) => return outcome,
            ::core::result::Result::Err(failure) => failure,
        };
        panic!("no error is expected");
        #[allow(unreachable_code)]
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        ::backstop::expansion::cleanup(&release()).dropped();
    })
}
