// #[request(get = "/", any_content_type, max_redirects = 0, deadline = end)]
// async fn root(end: Deadline, #[response] facts: Facts, #[response] Json(user): Json<User>) -> Result<User, Error> {
//     note(facts.attempts());
//     Ok(user)
// }

async fn root(end: Deadline) -> Result<User, Error> {
    let request = ::backstop::Request::get("/")
        .max_redirects(0)
        .deadline(end)
        .any_content_type()
        .reads::<(Facts, Json<User>)>();
    let response = ::backstop::Session::shared().fetch(request).await;
    let (facts, Json(user)) = match ::backstop::expansion::read::<
        (Facts, Json<User>),
    >(response) {
        ::core::result::Result::Ok(response) => response,
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    note(facts.attempts());
    Ok(user)
}
