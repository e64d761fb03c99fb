//! As much of curl as docs/production.md uses, so that its commands are run as they stand on a machine that has none.

use std::io::Write;
use std::process::ExitCode;

use reqwest::Method;
use system_tests::encode;

#[tokio::main]
async fn main() -> ExitCode {
    let (mut method, mut url, mut headers, mut body, mut query, mut fails) = (None, None, Vec::new(), None, None::<Vec<String>>, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("an option's value");
        match argument.as_str() {
            "-s" => {}
            "--fail-with-body" => fails = true,
            "-X" => method = Some(value().parse::<Method>().expect("a method")),
            "-H" => headers.push(value()),
            "-d" => body = Some(value()),
            "-G" => query = Some(Vec::new()),
            "--data-urlencode" => {
                let value = value();
                let (name, value) = value.split_once('=').expect("name=value");
                query.as_mut().expect("-G before it").push(format!("{name}={}", encode(value)));
            }
            option if option.starts_with('-') => panic!("this curl knows no {option}"),
            address => url = Some(address.to_owned()),
        }
    }
    let url = url.expect("an address") + &query.map_or_else(String::new, |query| format!("?{}", query.join("&")));
    let method = method.unwrap_or(if body.is_some() { Method::POST } else { Method::GET });
    let mut request = system_tests::client().request(method, url);
    for header in headers {
        let (name, value) = header.split_once(':').expect("name: value");
        request = request.header(name, value.trim());
    }
    let Ok(answer) = request.body(body.unwrap_or_default()).send().await else { return ExitCode::from(7) };
    let is_refused = answer.status().is_client_error() || answer.status().is_server_error();
    // As curl has it for an answer that broke off
    let Ok(body) = answer.bytes().await else { return ExitCode::from(18) };
    std::io::stdout().write_all(&body).expect("somebody reads");
    if fails && is_refused { ExitCode::from(22) } else { ExitCode::SUCCESS }
}
