//! What is said after a form, carried by the browser to the page it leads to: only our own words come back, and only to
//! the account they were said to.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Session;
use crate::{Engine, secret};

impl Engine {
    /// As text that may stand in a cookie.
    pub fn seal_notice(&self, session: &Session, said: &str) -> String {
        let account = session.account.id.0;
        let sealed = secret::seal(&self.secrets.notices, said.as_bytes(), account.as_bytes(), &mut rand::rng());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// None where it is none of ours, or was said to another account.
    pub fn open_notice(&self, session: &Session, sealed: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let said = secret::open(&self.secrets.notices, &sealed, session.account.id.0.as_bytes())?;
        String::from_utf8(said).ok()
    }
}
