// #[request(get = "/{id}", cleanup = release(id).await, finally = ended(id).await)]
// async fn count(id: u8) -> Result<usize, Error>;

async fn count(id: u8) -> Result<usize, Error> {
    let finally = ::backstop::expansion::finally_async(|_| ended(id));
    let reader = ::backstop::expansion::decode::<Result<usize, Error>>()
        .reader(::backstop::expansion::FromJson::from_json);
    let request = ::backstop::Request::get("/{id}")
        .path("id", &id)
        .streaming(reader.streaming)
        .handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    let failure = match reader.read(response) {
        ::core::result::Result::Ok(outcome) => {
            finally.end(::backstop::Ending::Done).await;
            return outcome;
        }
        ::core::result::Result::Err(failure) => failure,
    };
    let (ending, outcome) = (
        ::backstop::Ending::Failed,
        ::backstop::Outcome::from_failure(failure),
    );
    release(id).await;
    finally.end(ending).await;
    outcome
}
