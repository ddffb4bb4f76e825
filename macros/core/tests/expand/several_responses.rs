// #[request(get = "https://api.example.com/")]
// async fn page(#[response] status: StatusCode, #[response] text: String) -> Result<Page, Error> {
//     Ok(Page { status, text })
// }

async fn page() -> Result<Page, Error> {
    let request = ::backstop::Request::get("https://api.example.com/")
        .reads::<(StatusCode, String)>();
    let response = ::backstop::Session::shared().fetch(request).await;
    let (status, text) = match ::backstop::expansion::read::<
        (StatusCode, String),
    >(response) {
        ::core::result::Result::Ok(response) => response,
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    Ok(Page { status, text })
}
