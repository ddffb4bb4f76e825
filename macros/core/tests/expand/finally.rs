// #[request(get = "/{id}", cleanup = release(id), finally = ended)]
// async fn count(id: u8, #[response] text: String) -> Result<usize, Error> {
//     Ok(text.len())
// }

async fn count(id: u8) -> Result<usize, Error> {
    let finally = ::backstop::expansion::finally_of(|ending| ended(ending));
    let request = ::backstop::Request::get("/{id}")
        .path("id", &id)
        .reads::<String>()
        .handled_by(finally.observer());
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<usize, Error> {
        let failure = match ::backstop::expansion::read::<String>(response) {
            ::core::result::Result::Ok(text) => {
                let outcome: Result<usize, Error> = { Ok(text.len()) };
                let error = ::backstop::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    finally.end(::backstop::expansion::inspect(&outcome).ending());
                    return outcome;
                };
                ::backstop::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
        };
        let (ending, outcome) = (
            ::backstop::Ending::Failed,
            ::backstop::Outcome::from_failure(failure),
        );
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        ::backstop::expansion::cleanup(&release(id)).dropped();
        finally.end(ending);
        outcome
    })
}
