// #[request(get = "/", on_error(Connect => async |error| note(error.kind())), cleanup = async || note("cleaned"))]
// async fn count() -> Result<usize, Error>;

async fn count() -> Result<usize, Error> {
    let reader = ::backstop::expansion::decode::<Result<usize, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/").streaming(reader.streaming).handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    let failure = match reader.read(response) {
        ::core::result::Result::Ok(outcome) => return outcome,
        ::core::result::Result::Err(failure) => failure,
    };
    let error = failure.error();
    #[deny(unreachable_patterns, unused_must_use)]
    match error.kind() {
        ::backstop::ErrorKind::Connect(_) => {
            (async |error: &::backstop::Error| note(error.kind()))(&error).await;
        }
        _ => {}
    }
    let outcome = ::backstop::Outcome::from_failure(failure);
    ::backstop::expansion::call(async || note("cleaned")).await;
    outcome
}
