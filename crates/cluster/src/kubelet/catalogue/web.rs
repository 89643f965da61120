//! Web servers and web applications.

use super::{App, Base, Image, NONE, PAGE};

pub(super) static IMAGES: &[&Image] = &[
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
        // A million square roots in PHP.
        request_us: 45_000,
        ..APACHE
    },
    &Image {
        repositories: &["docker.io/library/php"],
        tags: &["{7,8}*", "latest"],
        app: App::Apache,
        size: 170_000_000,
        ..APACHE
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
        request_us: 60_000,
        ..APACHE
    },
    &Image {
        repositories: &["docker.io/library/traefik"],
        app: App::Page,
        ports: &[80, 8080],
        size: 48_000_000,
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
];

const NGINX_PAGE: &str = "<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n<style>\nhtml { color-scheme: light dark; }\nbody { width: 35em; margin: 0 auto;\nfont-family: Tahoma, Verdana, Arial, sans-serif; }\n</style>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n<p>If you see this page, the nginx web server is successfully installed and\nworking. Further configuration is required.</p>\n\n<p>For online documentation and support please refer to\n<a href=\"http://nginx.org/\">nginx.org</a>.<br/>\nCommercial support is available at\n<a href=\"http://nginx.com/\">nginx.com</a>.</p>\n\n<p><em>Thank you for using nginx.</em></p>\n</body>\n</html>\n";

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

pub(super) const NGINX: Image = Image {
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
