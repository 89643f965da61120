//! Databases, caches and queues.

use super::{App, Base, Image, NONE, PAGE};

pub(super) static IMAGES: &[&Image] = &[
    &REDIS,
    &Image {
        tags: &[
            "{alpine,3-alpine,4-alpine,5-alpine,6-alpine,7-alpine,8-alpine}",
            "{3,4,5,6,7,8}.{0..4}{,.0,.1,.2,.3,.4,.5}-alpine",
        ],
        size: 17_000_000,
        base: Base::Alpine,
        ..REDIS
    },
    &Image {
        repositories: &[
            "gcr.io/google_samples/gb-redis-follower",
            "us-docker.pkg.dev/google-samples/containers/gke/gb-redis-follower",
            "gcr.io/google_samples/gb-redisslave",
        ],
        tags: &["latest", "v{1..3}"],
        cmd: &["redis-server", "--replicaof", "redis-leader", "6379"],
        ..REDIS
    },
    &Image {
        repositories: &["docker.io/library/memcached"],
        tags: &["latest", "1", "1.{4..6}*", "alpine"],
        size: 33_000_000,
        app: App::Database,
        cmd: &["memcached"],
        ports: &[11211],
        memory_mi: 4,
        ..NONE
    },
    &MYSQL,
    &Image {
        repositories: &["docker.io/library/mariadb", "docker.io/bitnami/mariadb"],
        tags: &[
            "{latest,10,11,12,lts,5.5}",
            "10.{0..11}",
            "11.{0..8}",
            "10.{0..11}.{0..30}",
        ],
        cmd: &["mariadbd"],
        wants: &[
            "MARIADB_ROOT_PASSWORD",
            "MYSQL_ROOT_PASSWORD",
            "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD",
            "MARIADB_RANDOM_ROOT_PASSWORD",
        ],
        size: 120_000_000,
        memory_mi: 90,
        start_ms: 3_000,
        ..MYSQL
    },
    &POSTGRES,
    &Image {
        tags: &[
            "alpine",
            "{9,10,11,12,13,14,15,16,17,18}-alpine",
            "{10..18}.{0..22}-alpine",
        ],
        size: 105_000_000,
        base: Base::Alpine,
        ..POSTGRES
    },
    &Image {
        repositories: &["docker.io/library/mongo"],
        tags: &[
            "{latest,3,4,5,6,7,8}",
            "{3,4,5,6,7,8}.{0..6}",
            "{3,4,5,6,7,8}.{0..6}.{0..30}",
        ],
        size: 260_000_000,
        app: App::Database,
        entrypoint: &["docker-entrypoint.sh"],
        cmd: &["mongod"],
        ports: &[27017],
        start_ms: 1_500,
        memory_mi: 110,
        cpu_milli: 8,
        boot: &[
            "{\"s\":\"I\",\"c\":\"NETWORK\",\"msg\":\"Waiting for connections\",\"attr\":{\"port\":27017,\"ssl\":\"off\"}}",
        ],
        ..NONE
    },
    &Image {
        repositories: &["docker.io/library/mongo-express"],
        app: App::Page,
        ports: &[8081],
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/library/rabbitmq"],
        tags: &["{latest,management,alpine,3,4}", "3*", "4*"],
        size: 110_000_000,
        app: App::Database,
        cmd: &["rabbitmq-server"],
        ports: &[5672, 15672],
        start_ms: 5_000,
        memory_mi: 140,
        cpu_milli: 10,
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/library/cassandra",
            "gcr.io/google-samples/cassandra",
        ],
        size: 150_000_000,
        app: App::Database,
        ports: &[9042, 7000],
        start_ms: 8_000,
        memory_mi: 900,
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/library/elasticsearch",
            "docker.elastic.co/elasticsearch/elasticsearch",
        ],
        size: 600_000_000,
        app: App::Page,
        ports: &[9200, 9300],
        start_ms: 10_000,
        memory_mi: 1200,
        ..PAGE
    },
    &Image {
        repositories: &["registry.k8s.io/etcd", "quay.io/coreos/etcd"],
        size: 58_000_000,
        base: Base::Scratch,
        app: App::Database,
        ports: &[2379, 2380],
        ..NONE
    },
    &Image {
        repositories: &[
            "k8s.gcr.io/kubernetes-zookeeper",
            "registry.k8s.io/kubernetes-zookeeper",
            "docker.io/library/zookeeper",
        ],
        size: 110_000_000,
        app: App::Database,
        ports: &[2181],
        ..NONE
    },
    &Image {
        repositories: &["docker.io/library/nats"],
        app: App::Database,
        ports: &[4222],
        base: Base::Scratch,
        size: 8_000_000,
        ..NONE
    },
    &Image {
        repositories: &["quay.io/minio/minio", "docker.io/minio/minio"],
        ports: &[9000, 9001],
        ..PAGE
    },
];

const REDIS: Image = Image {
    repositories: &[
        "docker.io/library/redis",
        "docker.io/bitnami/redis",
        "registry.k8s.io/e2e-test-images/redis",
        "registry.k8s.io/redis",
        "docker.io/valkey/valkey",
    ],
    tags: &[
        "{latest,bookworm,3,4,5,6,7,8,e2e,v1}",
        "{3,4,5,6,7,8}.{0..4}",
        "{3,4,5,6,7,8}.{0..4}.{0..20}",
        "{5,6,7,8}-bookworm",
        "5.0.5-alpine",
    ],
    size: 45_000_000,
    app: App::Redis,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["redis-server"],
    workdir: "/data",
    ports: &[6379],
    start_ms: 100,
    memory_mi: 10,
    cpu_milli: 3,
    boot: &[
        "1:C * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
        "1:C * Redis version=7.4.2, bits=64, commit=00000000, modified=0, pid=1, just started",
        "1:C # Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf",
        "1:M * monotonic clock: POSIX clock_gettime",
        "1:M * Running mode=standalone, port=6379.",
        "1:M * Server initialized",
        "1:M * Ready to accept connections tcp",
    ],
    ..NONE
};

const MYSQL: Image = Image {
    repositories: &["docker.io/library/mysql", "docker.io/mysql/mysql-server"],
    tags: &[
        "{latest,5,8,9,lts,innovation,5.6,5.7,8.0,8.4,9.0,9.1,9.2,9.3,9.4}{,-debian,-oracle}",
        "5.6.{1..51}",
        "5.7.{1..44}",
        "8.0.{1..43}",
        "8.4.{0..6}",
    ],
    size: 230_000_000,
    app: App::Database,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["mysqld"],
    ports: &[3306],
    start_ms: 6_000,
    memory_mi: 380,
    cpu_milli: 6,
    boot: &[
        "[Note] [Entrypoint]: Entrypoint script for MySQL Server started.",
        "[Note] [Entrypoint]: Switching to dedicated user 'mysql'",
        "[Note] [Entrypoint]: Initializing database files",
        "[Note] [Entrypoint]: MySQL init process done. Ready for start up.",
        "[System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.",
    ],
    wants: &[
        "MYSQL_ROOT_PASSWORD",
        "MYSQL_ALLOW_EMPTY_PASSWORD",
        "MYSQL_RANDOM_ROOT_PASSWORD",
    ],
    refusal: &[
        "[Note] [Entrypoint]: Entrypoint script for MySQL Server started.",
        "[ERROR] [Entrypoint]: Database is uninitialized and password option is not specified",
        "    You need to specify one of the following as an environment variable:",
        "    - MYSQL_ROOT_PASSWORD",
        "    - MYSQL_ALLOW_EMPTY_PASSWORD",
        "    - MYSQL_RANDOM_ROOT_PASSWORD",
    ],
    ..NONE
};

const POSTGRES: Image = Image {
    repositories: &[
        "docker.io/library/postgres",
        "docker.io/bitnami/postgresql",
        "docker.io/postgis/postgis",
    ],
    tags: &[
        "{latest,bookworm,9.6,10,11,12,13,14,15,16,17,18}",
        "{10..18}.{0..22}",
        "{12..18}-bookworm",
        "{12..18}-3.{1..5}",
    ],
    size: 158_000_000,
    app: App::Database,
    entrypoint: &["docker-entrypoint.sh"],
    cmd: &["postgres"],
    ports: &[5432],
    start_ms: 2_500,
    memory_mi: 40,
    cpu_milli: 4,
    boot: &[
        "The files belonging to this database system will be owned by user \"postgres\".",
        "This user must also own the server process.",
        "",
        "PostgreSQL init process complete; ready for start up.",
        "",
        "LOG:  listening on IPv4 address \"0.0.0.0\", port 5432",
        "LOG:  database system is ready to accept connections",
    ],
    wants: &[
        "POSTGRES_PASSWORD",
        "POSTGRES_HOST_AUTH_METHOD",
        "POSTGRESQL_PASSWORD",
        "POSTGRES_PASSWORD_FILE",
    ],
    refusal: &[
        "Error: Database is uninitialized and superuser password is not specified.",
        "       You must specify POSTGRES_PASSWORD to a non-empty value for the",
        "       superuser. For example, \"-e POSTGRES_PASSWORD=password\" on \"docker run\".",
    ],
    ..NONE
};
