//! Where no door is: other methods of a door's path, and other paths.

use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{HttpResponse, web};
use jsonrpc::Fault;

use crate::answer::{Answer, as_the_add_on};
use crate::gateway::Gateway;
use crate::incoming::Incoming;

fn wrong_method(gateway: &Gateway, allowed: &'static str) -> HttpResponse {
    let fault = Fault::http(405, format!("405: Method Not Allowed: possible here: {allowed}"));
    let mut response = as_the_add_on(gateway.answers, None, &fault);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// 405 where only POST is possible.
pub async fn only_post(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "POST")
}

/// 405 where only GET is possible.
pub async fn only_get(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "GET, HEAD")
}

/// 405 on a model's route.
pub async fn only_rest(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "GET, HEAD, POST, PUT, DELETE")
}

/// 405 on a record's route.
pub async fn only_rest_record(gateway: web::Data<Gateway>) -> HttpResponse {
    wrong_method(&gateway, "GET, HEAD, PUT, DELETE")
}

/// 404 for any other path.
pub async fn no_such_path(incoming: Incoming) -> Answer {
    incoming.told(as_the_add_on, Err(Fault::not_found()))
}
