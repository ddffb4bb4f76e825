use shop::{Warehouse, app};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt::init();
    let warehouse = Warehouse::new("https://warehouse.example.com/v1", "s3cret")?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app(warehouse)).await?;
    Ok(())
}
