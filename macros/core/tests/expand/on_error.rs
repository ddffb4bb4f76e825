// #[request(get = "/users/{id}", on_error = log)]
// async fn user(id: u64, #[response] Json(user): Json<User>) -> Result<User, Error> {
//     Ok(user)
// }

async fn user(id: u64) -> Result<User, Error> {
    let request = ::backstop::Request::get("/users/{id}")
        .path("id", &id)
        .reads::<Json<User>>()
        .handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| -> Result<User, Error> {
        let failure = match ::backstop::expansion::read::<Json<User>>(response) {
            ::core::result::Result::Ok(Json(user)) => {
                let outcome: Result<User, Error> = { Ok(user) };
                let error = ::backstop::expansion::inspect(&outcome).request_error();
                let ::core::option::Option::Some(error) = error else {
                    return outcome;
                };
                ::backstop::expansion::returned(error, outcome)
            }
            ::core::result::Result::Err(error) => ::backstop::expansion::failed(error),
        };
        let error = failure.error();
        ::backstop::log(&error);
        ::backstop::Outcome::from_failure(failure)
    })
}
