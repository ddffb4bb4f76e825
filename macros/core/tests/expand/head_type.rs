// #[request(get = "/")]
// async fn remaining(#[response] Remaining(count): Remaining) -> Result<u64, Error> {
//     Ok(count)
// }

async fn remaining() -> Result<u64, Error> {
    let reader = ::backstop::expansion::extract::<Remaining>()
        .reader(::backstop::FromResponse::from_response);
    let request = ::backstop::Request::get("/").streaming(reader.streaming);
    let response = ::backstop::Session::shared().fetch(request).await;
    let Remaining(count) = match reader.read(response) {
        ::core::result::Result::Ok(response) => response,
        ::core::result::Result::Err(error) => {
            return ::backstop::Outcome::from_error(error);
        }
    };
    Ok(count)
}
