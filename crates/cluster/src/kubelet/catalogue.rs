//! The images that exist, as data: what tutorials use. To add one: a line in `CATALOGUE`.
//!
//! An image says what its entrypoint does ([`App`]), and with which size, start-up time and appetite; how the apps
//! answer is in `server`. Tags are patterns: `1.{25..27}{,-alpine}`.

/// What stands in an image beside its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// bash, coreutils, apt.
    Debian,
    /// busybox ash and tools, apk.
    Alpine,
    /// Nothing but busybox.
    Busybox,
    /// No shell, no tools.
    Scratch,
}

/// What the program of an image does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    /// Runs what it is told; by default a shell (which ends at once without a terminal) or the image's own `cmd`.
    Shell,
    /// Waits until it is told to end.
    Pause,
    Nginx,
    Apache,
    /// Apache with PHP and WordPress behind it: wants a database.
    Wordpress,
    /// Answers with the name of its host.
    Hostname,
    /// Answers with a text that says which version and host it is.
    Hello {
        text: &'static str,
        version: &'static str,
    },
    /// Answers with the request that it got.
    Echo,
    Whoami,
    HttpEcho,
    Agnhost,
    Podinfo,
    Kuard,
    /// ingress-nginx: leads by Ingress objects.
    Ingress,
    /// A page with the image's name: web applications of which only the front door is modelled.
    Page,
    Redis,
    /// A database server: speaks its own protocol, so only its port is modelled.
    Database,
    /// Prints and ends.
    HelloWorld,
    /// Burns CPU or memory as its arguments say.
    Stress,
    /// Runs in the background, serves nothing.
    Agent,
    /// An interpreter: runs its one-liners where they are simple, and `http.server`.
    Python,
    Node,
}

#[derive(Debug)]
pub struct Image {
    /// Full names; a mirror or an old name may be another.
    pub repositories: &'static [&'static str],
    pub tags: &'static [&'static str],
    /// Compressed bytes, as pulled.
    pub size: i64,
    pub base: Base,
    pub app: App,
    pub entrypoint: &'static [&'static str],
    pub cmd: &'static [&'static str],
    pub env: &'static [(&'static str, &'static str)],
    pub workdir: &'static str,
    pub ports: &'static [u16],
    /// From the start of the process until it listens.
    pub start_ms: i64,
    pub memory_mi: i64,
    pub cpu_milli: i64,
    /// Written to the log at the start.
    pub boot: &'static [&'static str],
    pub files: &'static [(&'static str, &'static str)],
    /// One of these variables must be set, or the program ends with status 1 after saying `refusal`.
    pub wants: &'static [&'static str],
    pub refusal: &'static [&'static str],
    /// What it exits with when told to stop; None: it takes no notice.
    pub on_term: Option<i32>,
}

const NONE: Image = Image {
    repositories: &[],
    tags: &["*"],
    size: 30_000_000,
    base: Base::Debian,
    app: App::Agent,
    entrypoint: &[],
    cmd: &[],
    env: &[(
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    )],
    workdir: "/",
    ports: &[],
    start_ms: 100,
    memory_mi: 16,
    cpu_milli: 1,
    boot: &[],
    files: &[],
    wants: &[],
    refusal: &[],
    on_term: Some(0),
};

const SHELL: Image = Image {
    app: App::Shell,
    memory_mi: 1,
    start_ms: 0,
    on_term: None,
    ..NONE
};

pub const NGINX_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\nhtml { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\nfont-family: Tahoma, Verdana, Arial, sans-serif; }\n</style>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully installed and\nworking. Further configuration is required.</p>\n\n<p>For online documentation and support please refer to\n<a href=\"http://nginx.org/\">nginx.org</a>.<br/>\nCommercial support is available at\n<a href=\"http://nginx.com/\">nginx.com</a>.</p>\n\n<p><em>Thank you for using nginx.</em></p>\n</body>\n</html>\n";
const NGINX_50X: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Error</title>\n</head>\n<body>\n<h1>An error occurred.</h1>\n<p>Sorry, the page you are looking for is currently unavailable.<br/>\nPlease try again later.</p>\n</body>\n</html>\n";
const NGINX_CONF: &str = "server {\n    listen       80;\n    server_name  localhost;\n\n    location / {\n        root   /usr/share/nginx/html;\n        index  index.html index.htm;\n    }\n\n    error_page   500 502 503 504  /50x.html;\n    location = /50x.html {\n        root   /usr/share/nginx/html;\n    }\n}\n";
const NGINX_MAIN_CONF: &str = "\nuser  nginx;\nworker_processes  auto;\n\nerror_log  /var/log/nginx/error.log notice;\npid        /run/nginx.pid;\n\n\nevents {\n    worker_connections  1024;\n}\n\n\nhttp {\n    include       /etc/nginx/mime.types;\n    default_type  application/octet-stream;\n\n    sendfile        on;\n    keepalive_timeout  65;\n\n    include /etc/nginx/conf.d/*.conf;\n}\n";
const NGINX_BOOT: &[&str] = &[
    "/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration",
    "/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/10-listen-on-ipv6-by-default.sh",
    "10-listen-on-ipv6-by-default.sh: info: Getting the checksum of /etc/nginx/conf.d/default.conf",
    "10-listen-on-ipv6-by-default.sh: info: Enabled listen on IPv6 in /etc/nginx/conf.d/default.conf",
    "/docker-entrypoint.sh: Sourcing /docker-entrypoint.d/15-local-resolvers.envsh",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/20-envsubst-on-templates.sh",
    "/docker-entrypoint.sh: Launching /docker-entrypoint.d/30-tune-worker-processes.sh",
    "/docker-entrypoint.sh: Configuration complete; ready for start up",
];

const NGINX: Image = Image {
    repositories: &[
        "docker.io/library/nginx",
        "docker.io/bitnami/nginx",
        "public.ecr.aws/nginx/nginx",
        "registry.k8s.io/nginx",
    ],
    tags: &[
        "{latest,stable,mainline,perl,bookworm,trixie,stable-perl,mainline-perl,1,stable-bookworm,mainline-bookworm}",
        "1.{7..29}{,-perl,-bookworm,-bullseye,-trixie}",
        "1.{7..29}.{0..14}{,-perl,-bookworm,-bullseye,-trixie}",
    ],
    size: 72_320_000,
    app: App::Nginx,
    entrypoint: &["/docker-entrypoint.sh"],
    cmd: &["nginx", "-g", "daemon off;"],
    ports: &[80],
    start_ms: 150,
    memory_mi: 8,
    boot: NGINX_BOOT,
    files: &[
        ("/usr/share/nginx/html/index.html", NGINX_PAGE),
        ("/usr/share/nginx/html/50x.html", NGINX_50X),
        ("/etc/nginx/nginx.conf", NGINX_MAIN_CONF),
        ("/etc/nginx/conf.d/default.conf", NGINX_CONF),
        ("/docker-entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n"),
        ("/var/log/nginx/access.log", ""),
        ("/var/log/nginx/error.log", ""),
    ],
    ..NONE
};

const APACHE: Image = Image {
    repositories: &["docker.io/library/httpd"],
    tags: &[
        "{latest,2,2.4,bookworm,trixie}",
        "2.4.{20..65}",
        "2.4{,.20,.57,.58,.59,.60,.61,.62}-bookworm",
    ],
    size: 56_100_000,
    app: App::Apache,
    cmd: &["httpd-foreground"],
    workdir: "/usr/local/apache2",
    ports: &[80],
    start_ms: 200,
    memory_mi: 12,
    boot: &[
        "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using 127.0.0.1. Set the 'ServerName' directive globally to suppress this message",
        "[mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.65 (Unix) configured -- resuming normal operations",
        "[core:notice] [pid 1:tid 1] AH00094: Command line: 'httpd -D FOREGROUND'",
    ],
    files: &[
        (
            "/usr/local/apache2/htdocs/index.html",
            "<html><body><h1>It works!</h1></body></html>\n",
        ),
        (
            "/usr/local/apache2/conf/httpd.conf",
            "ServerRoot \"/usr/local/apache2\"\nListen 80\nDocumentRoot \"/usr/local/apache2/htdocs\"\n",
        ),
    ],
    ..NONE
};

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

const BUSYBOX: Image = Image {
    repositories: &[
        "docker.io/library/busybox",
        "registry.k8s.io/busybox",
        "k8s.gcr.io/busybox",
        "gcr.io/google_containers/busybox",
        "gcr.io/google-containers/busybox",
    ],
    tags: &[
        "{latest,stable,musl,glibc,uclibc,1,1.24,1.27.2,unstable}",
        "1.{24..37}{,-musl,-glibc,-uclibc}",
        "1.{24..37}.{0..4}{,-musl,-glibc,-uclibc}",
    ],
    size: 2_220_000,
    base: Base::Busybox,
    cmd: &["sh"],
    ..SHELL
};

const HELLO: Image = Image {
    repositories: &[
        "gcr.io/google-samples/hello-app",
        "us-docker.pkg.dev/google-samples/containers/gke/hello-app",
    ],
    tags: &["1.0"],
    size: 13_000_000,
    base: Base::Alpine,
    app: App::Hello {
        text: "Hello, world!",
        version: "1.0.0",
    },
    entrypoint: &["/hello-app"],
    on_term: Some(2),
    ports: &[8080],
    ..NONE
};

const AGENT: Image = Image {
    size: 60_000_000,
    memory_mi: 30,
    cpu_milli: 5,
    ..NONE
};
const PAGE: Image = Image {
    size: 90_000_000,
    app: App::Page,
    memory_mi: 60,
    cpu_milli: 5,
    start_ms: 800,
    ..NONE
};

/// Every image that can be pulled.
pub static CATALOGUE: &[&Image] = &[
    &NGINX,
    &Image {
        tags: &[
            "{alpine,stable-alpine,mainline-alpine,alpine-slim,stable-alpine-slim,1-alpine,alpine3.22}",
            "1.{7..29}-alpine{,-perl,-slim}",
            "1.{7..29}.{0..14}-alpine{,-perl,-slim}",
        ],
        size: 20_900_000,
        base: Base::Alpine,
        ..NGINX
    },
    &Image {
        repositories: &[
            "k8s.gcr.io/nginx-slim",
            "registry.k8s.io/nginx-slim",
            "gcr.io/google_containers/nginx-slim",
        ],
        tags: &["0.{1..29}"],
        boot: &[],
        ..NGINX
    },
    &Image {
        repositories: &["docker.io/nginxinc/nginx-unprivileged"],
        tags: &["latest", "1.{20..29}{,-alpine}"],
        ports: &[8080],
        ..NGINX
    },
    &Image {
        repositories: &["docker.io/nginxdemos/hello"],
        tags: &["latest", "plain-text", "0.{1..4}"],
        app: App::Page,
        ..NGINX
    },
    &APACHE,
    &Image {
        tags: &["alpine", "2-alpine", "2.4-alpine", "2.4.{20..65}-alpine"],
        size: 23_000_000,
        base: Base::Alpine,
        ..APACHE
    },
    &Image {
        repositories: &["registry.k8s.io/hpa-example", "k8s.gcr.io/hpa-example"],
        tags: &["latest"],
        app: App::Hello {
            text: "OK!",
            version: "",
        },
        size: 164_000_000,
        cpu_milli: 1,
        ..APACHE
    },
    &Image {
        repositories: &["docker.io/library/php"],
        tags: &["{7,8}*", "latest"],
        app: App::Apache,
        size: 170_000_000,
        ..APACHE
    },
    &BUSYBOX,
    &Image {
        repositories: &["gcr.io/k8s-minikube/busybox"],
        tags: &["latest", "1.28.4-glibc"],
        ..BUSYBOX
    },
    &Image {
        repositories: &["docker.io/library/alpine"],
        tags: &["{latest,edge,3}", "3.{1..22}", "3.{1..22}.{0..12}"],
        size: 3_640_000,
        base: Base::Alpine,
        cmd: &["/bin/sh"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/ubuntu"],
        tags: &[
            "{latest,rolling,noble,jammy,focal,bionic,14.04,16.04,18.04,20.04,22.04,24.04,24.10,25.04}",
        ],
        size: 29_700_000,
        cmd: &["/bin/bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/debian"],
        tags: &[
            "{latest,stable,stable-slim,trixie,bookworm,bullseye,buster,sid,trixie-slim,bookworm-slim,bullseye-slim,buster-slim,8,9,10,11,12,13}",
        ],
        size: 48_500_000,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/centos"],
        tags: &["{latest,6,7,8,centos7}"],
        size: 76_000_000,
        cmd: &["/bin/bash"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/library/fedora",
            "docker.io/library/rockylinux",
            "docker.io/library/amazonlinux",
            "docker.io/library/almalinux",
        ],
        size: 66_000_000,
        cmd: &["/bin/bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/bash"],
        size: 6_500_000,
        base: Base::Alpine,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/perl"],
        size: 360_000_000,
        cmd: &["perl", "-de0"],
        ..SHELL
    },
    &REDIS,
    &Image {
        tags: &[
            "{alpine,3-alpine,4-alpine,5-alpine,6-alpine,7-alpine,8-alpine}",
            "{5,6,7,8}.{0..4}{,.0,.1,.2,.3,.4,.5}-alpine",
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
        repositories: &["docker.io/library/wordpress"],
        tags: &[
            "{latest,apache,4,5,6}",
            "{4,5,6}.{0..9}{,-apache}",
            "{4,5,6}.{0..9}.{0..9}{,-apache}",
            "php8*",
        ],
        app: App::Wordpress,
        cmd: &["apache2-foreground"],
        entrypoint: &["docker-entrypoint.sh"],
        workdir: "/var/www/html",
        size: 260_000_000,
        memory_mi: 60,
        start_ms: 1_000,
        ..APACHE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/pause",
            "k8s.gcr.io/pause",
            "gcr.io/google_containers/pause",
            "docker.io/kubernetes/pause",
            "registry.k8s.io/e2e-test-images/pause",
        ],
        tags: &["{latest,1.0,2.0,go}", "3.{0..10}", "3.{0..10}.{0..2}"],
        size: 320_000,
        base: Base::Scratch,
        app: App::Pause,
        entrypoint: &["/pause"],
        memory_mi: 1,
        start_ms: 0,
        cpu_milli: 0,
        ..NONE
    },
    &Image {
        repositories: &["docker.io/library/hello-world"],
        tags: &["latest", "linux"],
        size: 2_400,
        base: Base::Scratch,
        app: App::HelloWorld,
        cmd: &["/hello"],
        memory_mi: 1,
        ..NONE
    },
    &Image {
        repositories: &["docker.io/sebcontents/cozserver"],
        tags: &["latest", "{1,2}.0"],
        size: 330_000_000,
        app: App::Hello {
            text: "Hello World!",
            version: "",
        },
        ports: &[8080],
        start_ms: 500,
        memory_mi: 45,
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/sebcontents/client",
            "docker.io/sebcontents/part1",
        ],
        size: 180_000_000,
        ports: &[80],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/sysnet4admin/echo-hname",
            "docker.io/sysnet4admin/echo-ip",
            "docker.io/sysnet4admin/chk-info",
            "docker.io/sysnet4admin/net-tools",
        ],
        tags: &["latest"],
        app: App::Hostname,
        ..NGINX
    },
    &Image {
        repositories: &[
            "docker.io/sysnet4admin/sleepy",
            "docker.io/sysnet4admin/net-tools-ifn",
        ],
        tags: &["latest"],
        size: 3_000_000,
        base: Base::Alpine,
        app: App::Agent,
        on_term: None,
        ..NONE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/serve_hostname",
            "k8s.gcr.io/serve_hostname",
            "gcr.io/google_containers/serve_hostname",
        ],
        app: App::Hostname,
        base: Base::Scratch,
        entrypoint: &["/serve_hostname"],
        ports: &[9376],
        size: 6_000_000,
        ..NONE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/echoserver",
            "k8s.gcr.io/echoserver",
            "gcr.io/google_containers/echoserver",
            "registry.k8s.io/e2e-test-images/echoserver",
            "us-docker.pkg.dev/k8s-minikube/test-artifacts/echoserver",
            "gcr.io/k8s-minikube/echoserver",
            "docker.io/kicbase/echo-server",
            "docker.io/ealen/echo-server",
            "registry.k8s.io/ingress-nginx/e2e-test-echo",
        ],
        tags: &[
            "latest",
            "1.{0..10}",
            "2.{2..5}",
            "v1.2.9",
            "0.{3..9}.{0..9}",
        ],
        size: 43_000_000,
        app: App::Echo,
        ports: &[8080],
        boot: &[],
        ..NGINX
    },
    &HELLO,
    &Image {
        tags: &["2.0"],
        app: App::Hello {
            text: "Hello, world!",
            version: "2.0.0",
        },
        ..HELLO
    },
    &Image {
        repositories: &[
            "gcr.io/google-samples/node-hello",
            "docker.io/gcr/node-hello",
            "gcr.io/hello-minikube-zero-install/hello-node",
        ],
        app: App::Hello {
            text: "Hello Kubernetes!",
            version: "",
        },
        tags: &["*"],
        size: 260_000_000,
        base: Base::Debian,
        ..HELLO
    },
    &Image {
        repositories: &[
            "gcr.io/google-samples/kubernetes-bootcamp",
            "docker.io/jocatalin/kubernetes-bootcamp",
        ],
        tags: &["v1"],
        app: App::Hello {
            text: "Hello Kubernetes bootcamp!",
            version: "v=1",
        },
        base: Base::Debian,
        size: 82_000_000,
        boot: &[
            "Kubernetes Bootcamp App Started At: the start of the container | Running On:  this pod",
            "",
        ],
        ..HELLO
    },
    &Image {
        repositories: &[
            "gcr.io/google-samples/kubernetes-bootcamp",
            "docker.io/jocatalin/kubernetes-bootcamp",
        ],
        tags: &["v2", "latest"],
        app: App::Hello {
            text: "Hello Kubernetes bootcamp!",
            version: "v=2",
        },
        base: Base::Debian,
        size: 82_000_000,
        ..HELLO
    },
    &Image {
        repositories: &["docker.io/library/traefik"],
        app: App::Page,
        ports: &[80, 8080],
        size: 48_000_000,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/traefik/whoami", "docker.io/containous/whoami"],
        tags: &["latest", "v1.{8..11}*"],
        base: Base::Scratch,
        app: App::Whoami,
        on_term: Some(2),
        entrypoint: &["/whoami"],
        ports: &[80],
        size: 2_700_000,
        memory_mi: 3,
        ..NONE
    },
    &Image {
        repositories: &["docker.io/hashicorp/http-echo"],
        tags: &["latest", "alpine", "0.2.{1..3}", "1.0", "1.0.0"],
        base: Base::Scratch,
        app: App::HttpEcho,
        entrypoint: &["/http-echo"],
        ports: &[5678],
        size: 3_000_000,
        memory_mi: 3,
        ..NONE
    },
    &Image {
        repositories: &[
            "registry.k8s.io/e2e-test-images/agnhost",
            "k8s.gcr.io/e2e-test-images/agnhost",
        ],
        tags: &["2.{10..59}"],
        base: Base::Alpine,
        app: App::Agnhost,
        on_term: Some(2),
        entrypoint: &["/agnhost"],
        cmd: &["pause"],
        size: 52_000_000,
        memory_mi: 10,
        ..NONE
    },
    &Image {
        repositories: &[
            "ghcr.io/stefanprodan/podinfo",
            "docker.io/stefanprodan/podinfo",
        ],
        base: Base::Alpine,
        app: App::Podinfo,
        entrypoint: &["./podinfo"],
        ports: &[9898, 9797, 9999],
        size: 30_000_000,
        memory_mi: 20,
        ..NONE
    },
    &Image {
        repositories: &["gcr.io/kuar-demo/kuard-amd64", "docker.io/kuard/kuard"],
        tags: &["{blue,green,purple,1,2,3}"],
        base: Base::Alpine,
        app: App::Kuard,
        on_term: Some(2),
        entrypoint: &["/kuard"],
        ports: &[8080],
        size: 11_000_000,
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/curlimages/curl",
            "docker.io/yauritux/busybox-curl",
            "docker.io/radial/busyboxplus",
            "docker.io/byrnedo/alpine-curl",
        ],
        size: 9_400_000,
        base: Base::Alpine,
        cmd: &["sh"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/nicolaka/netshoot",
            "docker.io/praqma/network-multitool",
            "docker.io/wbitt/network-multitool",
            "docker.io/tutum/dnsutils",
            "registry.k8s.io/e2e-test-images/jessie-dnsutils",
            "gcr.io/kubernetes-e2e-test-images/dnsutils",
            "registry.k8s.io/e2e-test-images/dnsutils",
        ],
        size: 180_000_000,
        base: Base::Alpine,
        cmd: &["sleep", "infinity"],
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/python"],
        tags: &["latest", "slim", "alpine", "2*", "3*"],
        size: 370_000_000,
        app: App::Python,
        cmd: &["python3"],
        memory_mi: 12,
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/node"],
        tags: &["latest", "slim", "alpine", "lts*", "current*", "{6..24}*"],
        size: 390_000_000,
        app: App::Node,
        entrypoint: &["docker-entrypoint.sh"],
        cmd: &["node"],
        memory_mi: 40,
        ..SHELL
    },
    &Image {
        repositories: &["docker.io/library/golang"],
        size: 300_000_000,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/library/openjdk",
            "docker.io/library/eclipse-temurin",
            "docker.io/library/maven",
            "docker.io/library/gradle",
            "docker.io/library/ruby",
            "docker.io/library/rust",
            "docker.io/library/gcc",
            "docker.io/library/docker",
        ],
        size: 300_000_000,
        cmd: &["bash"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/bitnami/kubectl",
            "docker.io/alpine/git",
            "docker.io/library/buildpack-deps",
            "docker.io/alpine/curl",
            "docker.io/alpine/socat",
            "docker.io/rancher/kubectl",
        ],
        size: 90_000_000,
        cmd: &["sh"],
        ..SHELL
    },
    &Image {
        repositories: &[
            "docker.io/vish/stress",
            "docker.io/polinux/stress",
            "docker.io/progrium/stress",
            "docker.io/polinux/stress-ng",
        ],
        size: 5_000_000,
        app: App::Stress,
        base: Base::Alpine,
        entrypoint: &["stress"],
        ..NONE
    },
    &Image {
        repositories: &[
            "docker.io/library/fluentd",
            "docker.io/fluent/fluentd",
            "docker.io/fluent/fluentd-kubernetes-daemonset",
            "quay.io/fluentd_elasticsearch/fluentd",
            "k8s.gcr.io/fluentd-gcp",
            "registry.k8s.io/fluentd-gcp",
            "gcr.io/google-containers/fluentd-elasticsearch",
            "k8s.gcr.io/fluentd-elasticsearch",
        ],
        ports: &[24224],
        memory_mi: 60,
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/fluent/fluent-bit",
            "cr.fluentbit.io/fluent/fluent-bit",
        ],
        base: Base::Scratch,
        ports: &[2020],
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/prom/node-exporter",
            "quay.io/prometheus/node-exporter",
        ],
        app: App::Page,
        ports: &[9100],
        size: 12_000_000,
        base: Base::Busybox,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/prom/prometheus", "quay.io/prometheus/prometheus"],
        ports: &[9090],
        base: Base::Busybox,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/grafana/grafana"],
        ports: &[3000],
        base: Base::Alpine,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/grafana/loki", "docker.io/grafana/promtail"],
        ports: &[3100],
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/library/kibana"],
        ports: &[5601],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/jenkins/jenkins",
            "docker.io/library/tomcat",
            "docker.io/library/sonarqube",
        ],
        ports: &[8080],
        memory_mi: 400,
        start_ms: 4_000,
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/library/ghost"],
        ports: &[2368],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/library/nextcloud",
            "docker.io/library/drupal",
            "docker.io/library/joomla",
            "docker.io/library/phpmyadmin",
            "docker.io/phpmyadmin/phpmyadmin",
            "docker.io/library/adminer",
            "docker.io/library/caddy",
            "docker.io/library/haproxy",
            "docker.io/yeasy/simple-web",
        ],
        ports: &[80],
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/library/registry"],
        ports: &[5000],
        base: Base::Alpine,
        ..PAGE
    },
    &Image {
        repositories: &[
            "gcr.io/google_samples/gb-frontend",
            "gcr.io/google-samples/gb-frontend",
            "us-docker.pkg.dev/google-samples/containers/gke/gb-frontend",
            "registry.k8s.io/guestbook",
        ],
        ports: &[80],
        ..PAGE
    },
    &Image {
        repositories: &[
            "registry.istio.io/release/examples-bookinfo-productpage-v1",
            "registry.istio.io/release/examples-bookinfo-details-v1",
            "registry.istio.io/release/examples-bookinfo-ratings-v1",
            "registry.istio.io/release/examples-bookinfo-ratings-v2",
            "registry.istio.io/release/examples-bookinfo-reviews-v1",
            "registry.istio.io/release/examples-bookinfo-reviews-v2",
            "registry.istio.io/release/examples-bookinfo-reviews-v3",
            "docker.io/istio/examples-bookinfo-productpage-v1",
            "docker.io/istio/examples-bookinfo-details-v1",
            "docker.io/istio/examples-bookinfo-ratings-v1",
            "docker.io/istio/examples-bookinfo-reviews-v1",
            "docker.io/istio/examples-bookinfo-reviews-v2",
            "docker.io/istio/examples-bookinfo-reviews-v3",
        ],
        ports: &[9080],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/dockersamples/examplevotingapp_vote",
            "docker.io/dockersamples/examplevotingapp_result",
            "docker.io/kodekloud/webapp-color",
            "docker.io/kodekloud/examplevotingapp_vote",
            "docker.io/kodekloud/examplevotingapp_result",
        ],
        ports: &[80, 8080],
        ..PAGE
    },
    &Image {
        repositories: &[
            "docker.io/dockersamples/examplevotingapp_worker",
            "docker.io/kodekloud/examplevotingapp_worker",
            "docker.io/dockercoins/worker",
        ],
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/dockercoins/rng",
            "docker.io/dockercoins/hasher",
            "docker.io/dockercoins/webui",
            "docker.io/weaveworksdemos/front-end",
        ],
        ports: &[80],
        ..PAGE
    },
    &Image {
        repositories: &["docker.io/kubernetesui/dashboard"],
        ports: &[9090, 8443],
        base: Base::Scratch,
        ..PAGE
    },
    &Image {
        repositories: &["registry.k8s.io/ingress-nginx/controller"],
        app: App::Ingress,
        entrypoint: &["/usr/bin/dumb-init"],
        ports: &[80, 443, 10254],
        base: Base::Alpine,
        boot: &["NGINX Ingress controller"],
        ..PAGE
    },
    &Image {
        repositories: &["registry.k8s.io/metrics-server/metrics-server"],
        ports: &[10250],
        base: Base::Scratch,
        ..AGENT
    },
    &Image {
        repositories: &[
            "registry.k8s.io/coredns/coredns",
            "docker.io/coredns/coredns",
        ],
        ports: &[53, 8080, 8181],
        base: Base::Scratch,
        ..AGENT
    },
    &Image {
        repositories: &["registry.k8s.io/kube-apiserver"],
        ports: &[6443],
        base: Base::Scratch,
        memory_mi: 300,
        cpu_milli: 40,
        ..AGENT
    },
    &Image {
        repositories: &[
            "registry.k8s.io/kube-controller-manager",
            "registry.k8s.io/kube-scheduler",
            "registry.k8s.io/kube-proxy",
        ],
        base: Base::Scratch,
        ..AGENT
    },
    &Image {
        repositories: &[
            "ghcr.io/flannel-io/flannel",
            "docker.io/flannel/flannel",
            "docker.io/kindest/kindnetd",
            "docker.io/calico/node",
            "quay.io/calico/node",
            "quay.io/metallb/controller",
            "quay.io/metallb/speaker",
            "docker.io/sysdig/agent",
            "docker.io/newrelic/infrastructure",
            "docker.io/datadog/agent",
            "docker.io/kiwigrid/k8s-sidecar",
            "docker.io/rancher/local-path-provisioner",
            "registry.k8s.io/node-problem-detector/node-problem-detector",
            "k8s.gcr.io/node-problem-detector",
            "docker.io/envoyproxy/envoy",
            "docker.io/istio/proxyv2",
            "docker.io/istio/pilot",
        ],
        ..AGENT
    },
    &Image {
        repositories: &[
            "docker.io/hashicorp/consul",
            "docker.io/library/consul",
            "docker.io/hashicorp/vault",
            "docker.io/library/vault",
        ],
        ports: &[8500, 8200],
        base: Base::Alpine,
        ..PAGE
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
