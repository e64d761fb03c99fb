//! What a platform answered, and why a call failed in words that a clerk understands. They name no address: a bank's people read them.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use sync_contract::kept::cut;

/// How much of an answer is kept, in bytes.
const MAX_ANSWER: usize = 2_048;

/// The beginning of an answer as text.
pub fn answer(body: &[u8]) -> String {
    let beginning = body.get(..MAX_ANSWER + 3).unwrap_or(body);
    // What a column can't hold
    cut(&String::from_utf8_lossy(beginning), MAX_ANSWER).replace('\0', "\u{fffd}").chars().scan(0, fits).collect()
}

/// Whether a character fits into what is kept, after so many bytes of others.
fn fits(bytes: &mut usize, c: char) -> Option<char> {
    *bytes += c.len_utf8();
    (*bytes <= MAX_ANSWER).then_some(c)
}

/// Of an answer that is no success.
pub fn of_status(status: StatusCode) -> String {
    let said = match status.canonical_reason() {
        Some(reason) => format!("The platform answered {} ({reason})", status.as_u16()),
        None => format!("The platform answered {}", status.as_u16()),
    };
    match status {
        StatusCode::GONE => format!("{said}: it wants to hear no more and was switched off"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => format!("{said}: it did not take our signature"),
        status if status.is_redirection() => format!("{said}: it has moved, and we do not follow"),
        _ => said,
    }
}

/// Of a call that was not answered, within so long.
pub fn of_error(error: &reqwest::Error, connecting: Duration, answering: Duration) -> String {
    if error.is_timeout() {
        let (what, time) = if error.is_connect() { ("could not be reached", connecting) } else { ("did not answer", answering) };
        return format!("The platform {what} within {}", seconds(time));
    }
    let first: &(dyn Error + 'static) = error;
    let chain = || std::iter::successors(Some(first), |&error| error.source());
    let says = |words: &str| chain().any(|error| error.to_string().to_lowercase().contains(words));
    let kinds: Vec<io::ErrorKind> = chain().filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind).collect();
    let is = |kind: io::ErrorKind| kinds.contains(&kind);
    // TLS tells what is wrong by texts alone
    let why = if says("no public address") {
        "The name of the platform's address leads to no public address"
    } else if says("dns error") {
        "The name of the platform's address is not known"
    } else if says("certificate") && says("expired") {
        "The platform's certificate has expired: it is not trusted"
    } else if says("certificate") && (says("notvalidforname") || says("not valid for name")) {
        "The platform's certificate is for another name: it is not trusted"
    } else if says("certificate") {
        "The certificate is not trusted"
    } else if is(io::ErrorKind::ConnectionRefused) {
        "The connection was refused"
    } else if is(io::ErrorKind::NetworkUnreachable) || is(io::ErrorKind::HostUnreachable) {
        "The platform's network can't be reached"
    } else if is(io::ErrorKind::TimedOut) {
        return format!("The platform could not be reached within {}", seconds(connecting));
    } else if error.is_connect() && (says("tls") || says("handshake") || is(io::ErrorKind::InvalidData)) {
        "No secure connection could be made"
    } else if error.is_connect() {
        "No connection could be made"
    } else {
        "The connection broke off before there was an answer"
    };
    why.to_owned()
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        many => format!("{many} seconds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_between_characters() {
        assert_eq!(answer("é".repeat(3_000).as_bytes()), "é".repeat(1_024));
        let odd = answer(format!("a{}", "😀".repeat(3_000)).as_bytes());
        assert!(odd.len() <= MAX_ANSWER && odd.len() > MAX_ANSWER - 4 && odd.ends_with('😀'), "{}", odd.len());
        assert_eq!(answer(b"a\xff\0b"), "a\u{fffd}\u{fffd}b");
        assert!(answer(&[0; 5_000]).len() <= MAX_ANSWER);
    }

    #[test]
    fn a_status_has_words() {
        assert_eq!(of_status(StatusCode::INTERNAL_SERVER_ERROR), "The platform answered 500 (Internal Server Error)");
        assert_eq!(of_status(StatusCode::from_u16(599).unwrap()), "The platform answered 599");
    }

    #[tokio::test]
    async fn who_is_not_there_is_told_by_what_is_wrong() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = listener.local_addr().unwrap();
        let client = service::address::Reach::public_or(true).client(Duration::from_millis(200)).unwrap();
        let (five, fifteen) = (Duration::from_secs(5), Duration::from_secs(15));
        let why = async |url: String| of_error(&client.get(url).send().await.unwrap_err(), five, fifteen);
        assert_eq!(why(format!("http://{taken}")).await, "The platform did not answer within 15 seconds");
        drop(listener);
        assert_eq!(why(format!("http://{taken}")).await, "The connection was refused");
        assert_eq!(why("http://no-such-host.invalid".to_owned()).await, "The name of the platform's address is not known");
        let own = service::address::Reach::public_or(false).client(five).unwrap().get("https://localhost:1/").send().await.unwrap_err();
        assert_eq!(of_error(&own, five, fifteen), "The name of the platform's address leads to no public address");
    }
}
