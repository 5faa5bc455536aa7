//! How a database server is reached: by a login of its own with a password, as in production.

use engine::Options;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, raw_sql};

use crate::{databases::Database, world::Stopped};

/// MySQL 8 checks a password it has not seen before only over TLS, which its own certificate is made for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_with_a_password_reaches_mysql() {
    let Some(database) = Database::mysql().await else {
        println!("not run: TEST_MYSQL_URL is not set");
        return;
    };
    let Database::MySql { server, name } = &database else { panic!("it is MySQL") };
    let (server, user) = (server.clone(), format!("u_{}", &name[2..22]));
    let mut conn = MySqlConnection::connect(&server).await.unwrap();
    for sql in [
        format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'a p@ssword/with:signs'"),
        // No more than deploy/aws.md names.
        format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON {name}.* TO '{user}'@'%'"
        ),
    ] {
        raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    }

    let stopped = Stopped::new(database);
    let options = stopped.options();
    let login = format!("mysql://{user}:a%20p%40ssword%2Fwith%3Asigns@");
    let database_url = options.database_url.replacen("mysql://root@", &login, 1);
    assert_ne!(database_url, options.database_url);
    let (engine, workers) = engine::Engine::open(Options { database_url, ..options }).await.unwrap();
    engine.ready().await.unwrap();
    assert!(workers.stop(engine).await.unwrap());

    raw_sql(AssertSqlSafe(format!("DROP USER '{user}'@'%'"))).execute(&mut conn).await.unwrap();
    stopped.open().await.end().await;
}
