//! Secrets that stand in files of their own, as container engines and systemd hand them over.

use std::{fmt, fs};

/// More is no secret, but the wrong file.
const MOST_BYTES: u64 = 64 << 10;

/// What a file holds, without the line's end that editors leave. Never shown.
#[derive(Clone)]
pub struct SecretText(String);

impl SecretText {
    pub fn text(&self) -> &String {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// Reads the file of that name; a flag's value parser.
pub fn read(path: &str) -> Result<SecretText, String> {
    let length = fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if length > MOST_BYTES {
        return Err(format!("is {length} bytes long, which no secret is"));
    }
    let text = fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("is empty".into()),
        text => Ok(SecretText(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_without_its_last_line_end_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        for (written, expected) in [("s3cret\n", "s3cret"), ("s3cret", "s3cret"), (" two words \r\n", " two words ")] {
            fs::write(&file, written).unwrap();
            let secret = read(file.to_str().unwrap()).unwrap();
            assert_eq!(secret.text(), expected);
            assert!(!format!("{secret:?}").contains(expected));
        }
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("url");
        fs::write(&file, "\n").unwrap();
        assert_eq!(read(file.to_str().unwrap()).unwrap_err(), "is empty");
        fs::write(&file, vec![b'x'; 65 << 10]).unwrap();
        assert!(read(file.to_str().unwrap()).unwrap_err().contains("which no secret is"));
        assert!(read(folder.path().join("nothing").to_str().unwrap()).unwrap_err().contains("cannot be read"));
        assert!(read(folder.path().to_str().unwrap()).is_err(), "a folder");
    }
}
