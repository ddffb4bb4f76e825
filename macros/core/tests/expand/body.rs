// #[request(get = "https://api.example.com/users/{id}")]
// async fn user_name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
//     Ok(user.name)
// }

async fn user_name(id: u64) -> Result<String, Error> {
    let request = ::backstop::Request::get("https://api.example.com/users/{id}")
        .path("id", &id)
        .reads::<Json<User>>();
    let response = ::backstop::Session::shared().fetch(request).await;
    let Json(user) = match ::backstop::expansion::read::<Json<User>>(response) {
        ::core::result::Result::Ok(response) => response,
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    Ok(user.name)
}
