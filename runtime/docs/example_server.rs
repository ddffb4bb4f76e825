// The server for the examples of `request.md`, which include this file. `api()` is a session whose base URL is the
// server, on loopback.
//
// `/users/7` is a user, `/users/404` is not found, `/slow` does not answer, and `/flaky` answers 503 and then 200.
// Any other path answers with the request, as text.

fn api() -> &'static backstop::Session {
    static API: std::sync::LazyLock<backstop::Session> = std::sync::LazyLock::new(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        std::thread::spawn(move || {
            for (count, stream) in listener.incoming().flatten().enumerate() {
                std::thread::spawn(move || serve(stream, count));
            }
        });
        backstop::Session::builder().base_url(url).no_proxy().build().expect("a session")
    });
    &API
}

fn serve(mut stream: std::net::TcpStream, count: usize) {
    use std::io::{BufRead as _, Read as _, Write as _};

    let mut reader = std::io::BufReader::new(stream.try_clone().expect("a second handle"));
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a number"))];
    reader.read_exact(&mut body).expect("the whole body");

    let target = head.split(' ').nth(1).unwrap_or_default();
    let json = |status, body: &str| (status, "application/json", body.to_owned());
    let (status, content_type, body) = match target {
        "/users/7" => json("200 OK", r#"{"id": 7, "name": "Ada"}"#),
        "/users/404" => json("404 Not Found", r#"{"error": "no such user"}"#),
        "/flaky" if count == 0 => json("503 Service Unavailable", "{}"),
        "/slow" => return drop(reader.read_line(&mut head)),
        _ => ("200 OK", "text/plain", head.clone() + &String::from_utf8_lossy(&body)),
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
}
