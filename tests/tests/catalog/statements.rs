//! What a product costs the database: as many statements for many configurations as for few.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use system_tests::{Stand, fresh_database, id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{configuration, product, with};

/// Between the hub and Postgres: counts the statements that the hub sends.
async fn counting_proxy(target: String) -> (u16, Arc<AtomicUsize>) {
    let counted = Arc::new(AtomicUsize::new(0));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = counted.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            let count = count.clone();
            tokio::spawn(async move {
                // The first message has no type; from then on each is a type, a length, and the rest
                let mut typed = false;
                loop {
                    let mut head = vec![0; if typed { 5 } else { 4 }];
                    from_client.read_exact(&mut head).await?;
                    let length = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap());
                    let mut rest = vec![0; usize::try_from(length).unwrap() - 4];
                    from_client.read_exact(&mut rest).await?;
                    if typed && matches!(head[0], b'E' | b'Q') {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    typed = true;
                    to_server.write_all(&head).await?;
                    to_server.write_all(&rest).await?;
                }
                #[expect(unreachable_code, reason = "it says what the errors are")]
                Ok::<(), std::io::Error>(())
            });
        }
    });
    (port, counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_statements_is_the_same_for_three_configurations_and_for_a_hundred_and_fifty() {
    let url = fresh_database().await;
    let mut urls = operator::provision::urls(&url).unwrap();
    let catalog = urls["catalog"].clone();
    let host = catalog.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned();
    let (port, counted) = counting_proxy(host.clone()).await;
    urls.insert("catalog", catalog.replace(&host, &format!("127.0.0.1:{port}")));
    let stand = Stand::at(&url, &urls, &[]).await;
    let platform = stand.login("ekiclik").await;
    let sent = |reference: &str, round: usize, n: usize| {
        let configurations: Vec<Value> = (0..n)
            .map(|at| with(configuration(&format!("{reference}-{at}")), json!({"list_price": round + at, "attribute": [{"attribute_id": format!("{reference}{}", at % 7), "value_id": format!("{reference}{at}")}]})))
            .collect();
        with(product(reference, configurations.into()), json!({"brand": reference, "categ_id": reference}))
    };
    let mut statements = Vec::new();
    for (reference, n) in [("warm", 3), ("few", 3), ("many", 150)] {
        for round in 0..2 {
            let before = counted.load(Ordering::Relaxed);
            id(&platform.create("product.template", sent(reference, round, n)).await);
            statements.push(counted.load(Ordering::Relaxed) - before);
        }
    }
    let [.., few_new, few_changed, many_new, many_changed] = statements.as_slice() else { panic!("{statements:?}") };
    assert!(*few_new > 3, "the proxy counts nothing: {statements:?}");
    // The stamper, woken or polling, may fall into either
    assert!(many_new.abs_diff(*few_new) <= 3 && many_changed.abs_diff(*few_changed) <= 3, "{statements:?}");
}
