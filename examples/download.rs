//! A download to a file that survives lost connections, and an end of the program.
//!
//! Run it with `cargo run --example download`: it starts a server whose connections all break. The first run
//! of the download gives up half-way; the second resumes it.

use std::{io, path::Path};

use backstop::{Download, Error, Progress, Request, Session, request};
use backstop_tests::{Answer, Asked, Server};
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

#[request(get = "{url}", session = session, on_error = print)]
async fn fetch(
    session: &Session,
    url: &str,
    path: &Path,
    #[response] file: Download,
) -> Result<u64, Error> {
    let bar = bar();
    file.on_progress(move |progress| show(&bar, progress)).save(path).await
}

/// A progress bar of the crate `indicatif`, which only draws on a terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("  [{bar:40}] {percent:>3} %, {bytes_per_sec}, {msg}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style.progress_chars("== ");
    ProgressBar::new(0).with_style(style).with_finish(ProgressFinish::Abandon)
}

fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total.unwrap_or(progress.received));
    bar.set_position(progress.received);
    bar.set_message(format!("resumed {} times", progress.resumed));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start(answer);
    let session = Session::builder().no_proxy().build()?;
    println!("A server listens at {}.", server.url());
    let folder = std::env::temp_dir().join(format!("backstop-download-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join("disk.img");
    let url = format!("{}/disk.img", server.url());

    println!("\nThe first run, which does not resume:");
    let request = Request::get(url.clone()).reads::<Download>();
    let first: Download = session.fetch(request).await?.read()?;
    let bar = bar();
    let saved = first.retries(0).on_progress(move |progress| show(&bar, progress));
    match saved.save(&path).await {
        Ok(length) => println!("\n=> {length} bytes"),
        Err(error) => println!("\n=> error: {error}"),
    }
    list(&folder)?;

    println!("\nThe second run:");
    let length = fetch(&session, &url, &path).await?;
    println!("\n=> {length} bytes");
    list(&folder)?;
    let is_same = std::fs::read(&path)? == content();
    println!("\nThe file {} the server's content.", if is_same { "has" } else { "does not have" });
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn list(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        println!(
            "   {:>9} bytes  {}",
            entry.metadata()?.len(),
            entry.file_name().to_string_lossy()
        );
    }
    Ok(())
}

fn content() -> Vec<u8> {
    (0..8_000_000_u32).map(|at| (at / 7).to_le_bytes()[0]).collect()
}

/// Sends the requested range, but stops after a million bytes.
fn answer(asked: &Asked) -> Answer {
    let content = content();
    let range = asked.header("range").strip_prefix("bytes=").and_then(|it| it.strip_suffix('-'));
    let first: usize = range.and_then(|first| first.parse().ok()).unwrap_or(0);
    let rest = &content[first..];
    let head = format!(
        "HTTP/1.1 {}\r\netag: \"2026-11-27\"\r\ncontent-length: {}\r\ncontent-range: bytes {first}-{}/{}\r\n\r\n",
        if range.is_some() { "206 Partial Content" } else { "200 OK" },
        rest.len(),
        content.len() - 1,
        content.len(),
    );
    let mut response = head.into_bytes();
    response.extend_from_slice(&rest[..rest.len().min(1_000_000)]);
    Answer::Raw(response)
}
