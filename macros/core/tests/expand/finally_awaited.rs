// #[request(get = "/{id}", cleanup = release(id).await, finally = ended(id).await)]
// async fn count(id: u8) -> Result<usize, Error>;

async fn count(id: u8) -> Result<usize, Error> {
    let finally = ::backstop::finally_async(|_| ended(id));
    let reader = ::backstop::by_type::total::<Result<usize, Error>>().reader();
    let request = ::backstop::Request::get("/{id}")
        .path("id", &id)
        .streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    let failure: ::backstop::Failure<Result<usize, Error>> = match reader.read(response)
    {
        ::core::result::Result::Ok(outcome) => {
            finally.end(::backstop::Ending::Done).await;
            return outcome;
        }
        ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
    };
    let (ending, outcome) = (
        ::backstop::Ending::Failed,
        ::backstop::Outcome::from_failure(failure),
    );
    release(id).await;
    finally.end(ending).await;
    outcome
}
