//! `tributary demo`.
use crate::cli::DataConfig;
pub async fn fill(_config: DataConfig) -> anyhow::Result<()> { anyhow::bail!("x") }
