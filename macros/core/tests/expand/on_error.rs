// #[request(get = "/users/{id}", on_error = log)]
// async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> {
//     Ok(user)
// }

async fn user(id: u64) -> Result<User, Error> {
    let request = ::backstop::Request::get("/users/{id}")
        .path("id", &id)
        .reads::<Json<User>>();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| -> Result<User, Error> {
        let failure = match ::backstop::read::<Json<User>>(response) {
            ::core::result::Result::Ok(Json(user)) => {
                let outcome: Result<User, Error> = { Ok(user) };
                let error = ::backstop::by_type::returned(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::Failure::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::Failure::new(error),
        };
        let error = failure.error();
        ::backstop::log(&error);
        ::backstop::Outcome::from_failure(failure)
    })
}
