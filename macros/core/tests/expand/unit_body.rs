// #[request(get = "/", on_error = log)]
// async fn ping() {
//     println!("up");
// }

async fn ping() {
    let request = ::backstop::Request::get("/").handled();
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::expansion::call(|| {
        match response {
            ::core::result::Result::Ok(_) => {
                println!("up");
            }
            ::core::result::Result::Err(error) => {
                let failure = ::backstop::expansion::failed::<()>(error);
                let error = failure.error();
                ::backstop::log(&error);
                ::backstop::Outcome::from_failure(failure)
            }
        }
    })
}
