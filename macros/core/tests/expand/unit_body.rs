// #[request(get = "/", on_error = log)]
// async fn ping() {
//     println!("up");
// }

async fn ping() {
    let request = ::backstop::Request::get("/");
    let response = ::backstop::Session::shared().fetch(request).await;
    ::backstop::handle(|| {
        match response {
            ::core::result::Result::Ok(_) => {
                println!("up");
            }
            ::core::result::Result::Err(error) => {
                let failure = ::backstop::Failure::<()>::new(error);
                let error = failure.error();
                ::backstop::log(&error);
                ::backstop::Outcome::from_failure(failure)
            }
        }
    })
}
