// #[request(get = "https://api.example.com/users/{id}")]
// async fn name(id: u64, #[response] Json(user): Json<User>) -> Result<String, Error> {
//     let picture = picture(user.id).await?;
//     Ok(format!("{}: {picture}", user.name))
// }

async fn name(id: u64) -> Result<String, Error> {
    let request = ::backstop::Request::get("https://api.example.com/users/{id}")
        .path("id", &id)
        .reads::<(::backstop::expansion::Scope, Json<User>)>();
    let response = ::backstop::Session::shared().fetch(request).await;
    let (scope, Json(user)) = match ::backstop::expansion::read::<
        (::backstop::expansion::Scope, Json<User>),
    >(response) {
        ::core::result::Result::Ok(response) => response,
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    scope
        .run(async move {
            if let ::core::option::Option::Some(outcome) = ::backstop::expansion::type_hint::<
                Result<String, Error>,
            >() {
                return outcome;
            }
            let picture = picture(user.id).await?;
            Ok(format!("{}: {picture}", user.name))
        })
        .await
}
