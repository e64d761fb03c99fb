//! The console as a browser without a script sees it: pages read, forms sent.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod catalogue;
mod door;
mod generic;
mod imports;
mod invoices;
mod leads;
mod loans;
mod orders;
mod partners;
mod people;
mod pushes;
mod saved;
mod stock_documents;
mod stock_screens;

use system_tests::{Answer, Stand, encode};

/// Somebody who is logged in at the console.
pub struct Reader<'s> {
    stand: &'s Stand,
    /// The session's cookie.
    pub cookie: String,
}

impl<'s> Reader<'s> {
    /// Who logs in by the form; in the demo a password is the login.
    pub async fn of(stand: &'s Stand, login: &str) -> Reader<'s> {
        let answer = post(stand, "", "/web/login", &[("login", login), ("password", login)]).await;
        assert_eq!((answer.status, answer.headers["location"].as_str()), (303, "/web"), "{login}: {}", answer.text);
        let cookie = answer.headers["set-cookie"].split(';').next().unwrap().to_owned();
        Reader { stand, cookie }
    }

    /// A page, whatever its status.
    pub async fn get(&self, path: &str) -> Answer {
        self.stand.send("GET", path, &[("cookie", &self.cookie)], "").await
    }

    /// A page that is there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", text_of(&answer.text));
        answer.text
    }

    /// A form, with the token of a page that this reader has.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page("/web/models").await;
        let token = token(&page);
        let all: Vec<(&str, &str)> = [("_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        post(self.stand, &self.cookie, path, &all).await
    }

    /// The form of a page as it stands there, with some of its fields filled in: what a browser sends.
    pub async fn fill(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.page(path).await;
        let mut all: Vec<(String, String)> = hidden(&page);
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        post(self.stand, &self.cookie, path.split('?').next().unwrap(), &all).await
    }
}

/// A form's fields to a path.
pub async fn post(stand: &Stand, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let headers = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
    stand.send("POST", path, &headers, body.join("&")).await
}

/// The token of a page's forms.
pub fn token(page: &str) -> String {
    let at = page.find("name=\"_token\" value=\"").unwrap_or_else(|| panic!("no token in {page}")) + 21;
    page[at..].split('"').next().unwrap().to_owned()
}

/// What a form's hidden fields, and what stands in its others, would send.
fn hidden(page: &str) -> Vec<(String, String)> {
    let form = page.split("<main").nth(1).unwrap();
    let inputs = form.split("<input ").skip(1).filter_map(|input| {
        let input = input.split('>').next().unwrap();
        let part = |name: &str| Some(input.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_owned());
        let is_box = part("type").as_deref() == Some("checkbox") && !input.contains(" checked");
        (!is_box).then(|| Some((part("name")?, plain(&part("value")?))))?
    });
    inputs.collect()
}

/// Text without the entities that templates make of it.
pub fn plain(text: &str) -> String {
    let pairs = [("&amp;", "&"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// What a page says, without its tags.
pub fn text_of(page: &str) -> String {
    let main = page.split("<main").nth(1).unwrap_or(page);
    let mut text = String::new();
    let mut in_tag = true;
    for c in main.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push(' ');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    plain(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
