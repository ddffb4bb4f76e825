//! Steps: what a peer does with a connection, as data.

use std::time::Duration;

use backstop::testing::Certificate;

/// One thing that the server does with a connection. After the last, it [closes](Step::Close).
///
/// When the peer leaves, what is left of the script is not run.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads up to the empty line that ends a request's head.
    ReadHead,
    /// Reads a request, its body included.
    ReadRequest,
    /// Reads this many bytes.
    Read(usize),
    /// Reads frames of HTTP/2 up to the head of a request, which opens a stream. What the client says of the
    /// connection before that is not answered.
    ReadStream,
    /// Resets the stream that was opened last, with this code (RFC 9113 §7).
    ResetStream(u32),
    /// Sends these bytes in one write.
    Send(Vec<u8>),
    /// Sends these bytes beneath the TLS layer, where there is one.
    SendUnderTls(Vec<u8>),
    /// Sends these bytes one at a time, each after this wait.
    Drip(Vec<u8>, Duration),
    /// Waits, and reads nothing meanwhile.
    Wait(Duration),
    /// Shakes hands as a TLS server. If that fails: the alert, and an orderly end.
    Tls(Handshake),
    /// Ends in an orderly way: `close_notify` under TLS, FIN, and reading until the peer is gone, as
    /// closing a socket with unread data would reset the connection.
    Close,
    /// The same without the `close_notify`.
    Fin,
    /// Resets the connection.
    Reset,
    /// Reads and ignores what arrives until the peer leaves, though not forever.
    Hold,
    /// Runs these steps until the peer leaves.
    Loop(Vec<Step>),
}

/// How a TLS server shakes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handshake {
    /// What it shows.
    pub certificate: Certificate,
    /// Whether it demands a certificate of the client, signed by the same authority.
    pub wants_client_certificate: bool,
    /// Whether it speaks TLS 1.2 alone, and not 1.3 too.
    pub only_tls_1_2: bool,
}

impl Step {
    /// Sends bytes or text.
    pub fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Send(bytes.into())
    }

    /// Shakes hands, showing this certificate.
    pub fn tls(certificate: Certificate) -> Self {
        Self::Tls(Handshake { certificate, wants_client_certificate: false, only_tls_1_2: false })
    }
}
