//! Where an archive is: a bucket of an S3-compatible storage, or a folder.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, buffered::BufWriter, local::LocalFileSystem, path::Path,
};
use url::Url;

use crate::error::{Error, Result};

/// A part of an upload: so much is held in memory, and once more on its way. S3 takes 10,000 of at least 5 MiB.
const PART: usize = 16 << 20;

/// As operators write it: `s3://bucket/prefix`, or `file:///path`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    place: Place,
    /// Of another storage than Amazon's.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    pub part_bytes: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    S3 { bucket: String, prefix: Path },
    Folder(PathBuf),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "must be s3://BUCKET/PREFIX or file:///FOLDER".to_owned();
        let url = Url::parse(text).map_err(|_| expected())?;
        let place = match (url.scheme(), url.host_str()) {
            ("s3", Some(bucket)) if url.query().is_none() => {
                let prefix = Path::from_url_path(url.path()).map_err(|_| expected())?;
                Place::S3 { bucket: bucket.to_owned(), prefix }
            }
            ("file", None) => Place::Folder(url.to_file_path().map_err(|()| expected())?),
            _ => return Err(expected()),
        };
        Ok(Self { place, endpoint: None, region: None, part_bytes: PART })
    }
}

/// An open target.
pub struct Store {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    part_bytes: usize,
}

impl Store {
    pub fn open(target: &Target) -> Result<Self> {
        let part_bytes = target.part_bytes;
        match &target.place {
            Place::Folder(folder) => {
                std::fs::create_dir_all(folder).map_err(|error| failed(format!("{}: {error}", folder.display())))?;
                let store = LocalFileSystem::new_with_prefix(folder).map_err(failed)?;
                Ok(Self { store: Arc::new(store), prefix: Path::default(), part_bytes })
            }
            Place::S3 { bucket, prefix } => {
                // Who it is that writes is told as to all of Amazon's tools: by variables, or by the machine's role.
                let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
                if let Some(region) = &target.region {
                    builder = builder.with_region(region);
                }
                if let Some(endpoint) = &target.endpoint {
                    builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
                }
                let store = builder.build().map_err(failed)?;
                Ok(Self { store: Arc::new(store), prefix: prefix.clone(), part_bytes })
            }
        }
    }

    pub fn path(&self, name: &str) -> Path {
        self.prefix.parts().chain(Path::from(name).parts()).collect()
    }

    /// An object that is there whole once it is shut down, and not at all before.
    pub fn writer(&self, path: &Path) -> BufWriter {
        BufWriter::with_capacity(Arc::clone(&self.store), path.clone(), self.part_bytes).with_max_concurrency(1)
    }

    /// A small object; None where there is none.
    pub async fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        match self.store.get(path).await {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
            Ok(found) => Ok(Some(found.bytes().await.map_err(failed)?.to_vec())),
        }
    }

    pub async fn write(&self, path: &Path, bytes: Vec<u8>) -> Result<()> {
        self.store.put(path, bytes.into()).await.map(drop).map_err(failed)
    }

    /// How long an object is; None where there is none.
    pub async fn length(&self, path: &Path) -> Result<Option<u64>> {
        match self.store.head(path).await {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
            Ok(found) => Ok(Some(found.size)),
        }
    }
}

pub fn failed(error: impl ToString) -> Error {
    Error::Internal(format!("the archive: {}", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_bucket_or_a_folder() {
        let place = |text: &str| text.parse::<Target>().map(|target| target.place);
        let bucket = |prefix: &str| Ok(Place::S3 { bucket: "raw".into(), prefix: Path::from(prefix) });
        assert_eq!(place("s3://raw"), bucket(""));
        assert_eq!(place("s3://raw/shop/a%20b/"), bucket("shop/a b"));
        assert_eq!(place("file:///var/archive"), Ok(Place::Folder("/var/archive".into())));
        for wrong in ["raw", "s3:///x", "https://raw.example/x", "file://host/x", "s3://raw/x?y=1"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
