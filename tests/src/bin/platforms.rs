//! `make demo`: plays the platforms of the demo's two banks beside a running hub, and prints what they are told.

use std::io::Write;

use serde_json::{Value, json};
use system_tests::platform::{Call, Platform, SECRET};

const BANKS: [(&str, u16); 2] = [("Alsalam", 9101), ("BNA", 9102)];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hub = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:8069".to_owned());
    let client = service::router::client()?;
    let log_in = json!({"params": {"login": "admin", "password": "admin"}});
    let post =
        |path: String, body: Value| client.post(format!("{hub}{path}")).header("content-type", "application/json").body(body.to_string());
    let answer = post("/auth".into(), log_in).send().await.map_err(|_| format!("there is no hub at {hub}: `make run` starts one"))?;
    let session: Value = serde_json::from_slice(&answer.bytes().await?)?;
    let session = session["result"]["session_id"].as_str().ok_or("the demo's administrator can't log in")?.to_owned();
    let mut listeners = Vec::new();
    for (bank, port) in BANKS {
        let platform = Platform::at(&format!("127.0.0.1:{port}")).await;
        let data = json!({"params": {"data": {"name": bank, "base_url": platform.url, "secret": SECRET}}});
        let made = post("/api/ek.platform/".into(), data).header("x-openerp-session-id", &session).send().await?;
        // 409: it is named since the last demo
        if !made.status().is_success() && made.status().as_u16() != 409 {
            return Err(format!("{bank}: {}", made.text().await?).into());
        }
        say(&format!("{bank}'s platform listens at {}", platform.url));
        listeners.push(tokio::spawn(async move {
            for n in 0.. {
                say(&line(bank, &platform.call(n).await));
            }
        }));
    }
    say("Change a product, a quantity or an order; Ctrl-C stops.\n");
    for listener in listeners {
        listener.await?;
    }
    Ok(())
}

fn line(bank: &str, call: &Call) -> String {
    let (id, moment) = (call.header("webhook-id"), call.header("webhook-timestamp").parse());
    let secrets: Vec<_> = sync::signature::secret(SECRET).into_iter().collect();
    let genuine = moment.is_ok_and(|moment| {
        let expected = sync::signature::sign(&secrets, id, moment, call.body.as_bytes());
        call.header("webhook-signature").split(' ').any(|given| given == expected)
    });
    format!("{bank:<8} {}{} {}", if genuine { "" } else { "(signature is wrong) " }, call.line, call.body)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
