<?php

declare(strict_types=1);

/*
 * The engine's functions (sapi/php_glue.c) for a plain PHP command line: enough to boot an application through
 * sapi/php/main.php and to run requests, one after the other, in this process. What the engine alone can do is left
 * out: exit() ends this process too.
 */

namespace Rserverd {

    if (!class_exists('Swoole\\Server', false)) {
        require_once __DIR__ . '/swoole.php';
    }

    if (!function_exists('Rserverd\\state_new')) {
        require_once __DIR__ . '/state.php';
    }

    final class Shim
    {
        /** @var array<string, mixed> what settings() answers */
        public static array $settings = [
            'base_path' => '', 'pid_file' => '', 'framework' => 'auto', 'entry' => '', 'boot' => 'manager', 'isolation' => 'greedy',
            'cleaners' => [], 'register_providers' => [], 'destroy_controllers' => true,
            'destroy_controllers_excluded' => [], 'providers_on_worker' => [], 'providers_in_request' => [], 'providers_ignore' => [], 'server' => '', 'document_root' => '', 'handle_static' => false,
            'environment' => '', 'x_version' => '', 'generation' => 1, 'app_socket' => '', 'listen_ip' => '127.0.0.1', 'listen_port' => 5200,
            'worker_num' => 2, 'task_worker_num' => 1, 'websocket' => ['enable' => false, 'handler' => '', 'gate' => true],
            'timer' => ['enable' => false, 'jobs' => [], 'max_wait_time' => 5.0, 'global_lock' => false, 'global_lock_key' => ''],
            'sockets' => [], 'processes' => [], 'swoole_tables' => [], 'events' => [], 'event_handlers' => [], 'swoole' => [],
        ];

        /** Which process this is. */
        public static string $where = 'manager';

        public static ?\Swoole\Server $server = null;

        /** @var list<string> titles of user processes */
        public static array $titles = [];

        /** @var array<string, mixed> what kept() made */
        public static array $kept = [];

        /** @var list<array{mixed, float}> tasks, unserialized as a task worker has them */
        public static array $delivered = [];

        /** @var list<array{int, string}> */
        public static array $log = [];

        /** @var list<array{string, string, string}> */
        public static array $appConf = [];

        /** @var array<string, string> */
        public static array $facts = [];

        public static string $bootFailed = '';

        public static ?string $finished = null;

        /** The buffer that plays the client: what is in it has been sent. */
        public static int $level = 1;

        /** @var list<string> of the response */
        public static array $headers = [];

        public static mixed $handle;

        public static mixed $clean;

        public static mixed $workerStart;

        public static mixed $idle;

        public static bool $serving = false;
    }

    /** @return array<string, mixed> */
    function settings(): array
    {
        return Shim::$settings;
    }

    /** Keeps what it is given: the tests are the worker. */
    function serve(callable $handle, ?callable $clean = null, ?callable $workerStart = null, ?callable $idle = null): int
    {
        [Shim::$handle, Shim::$clean, Shim::$workerStart, Shim::$idle] = [$handle, $clean, $workerStart, $idle];
        Shim::$serving = true;

        return 0;
    }

    /** @param list<array{string, string, string}> $rows */
    function app_conf(array $rows): void
    {
        Shim::$appConf = $rows;
    }

    /** @param array<string, string> $facts */
    function facts(array $facts): void
    {
        Shim::$facts = $facts + Shim::$facts;
    }

    function boot_failed(string $why): void
    {
        Shim::$bootFailed = $why;
    }

    function route(string $uri): void
    {
    }

    function one_request(): bool
    {
        return false;
    }

    /** @param array<array-key, mixed> $server */
    function header_variables(array $server): array
    {
        return array_filter($server, static fn (int|string $name): bool => preg_match('/^(HTTP_|CONTENT_|PHP_AUTH_|REDIRECT_|AUTH)/', (string) $name) === 1,
            ARRAY_FILTER_USE_KEY);
    }

    /** The output so far is the response; the rest is dropped, see Client. */
    function finish_request(): bool
    {
        if (Shim::$finished !== null) {
            return false;
        }
        while (ob_get_level() > Shim::$level) {
            ob_end_flush();
        }
        Shim::$finished = (string) ob_get_contents();

        return true;
    }

    function log(int $level, string $text): void
    {
        Shim::$log[] = [$level, $text];
    }

    /** Nobody watches the functions that change the process: always compare. */
    function touched(): bool
    {
        return true;
    }

    function spoilt(object $connection): bool
    {
        return false;
    }

    function doctor_on(): bool
    {
        return false;
    }

    /** @param list<string> $paths */
    function doctor_routes(array $paths): void
    {
    }

    function ask_reload(string $why): void
    {
    }

    /** @param array<string, mixed> $settings */
    function server(string $class, array $settings): \Swoole\Server
    {
        Shim::$server = new $class();
        Shim::$server->setting = $settings;

        return Shim::$server;
    }

    function title_user_process(int $index, string $title): void
    {
        Shim::$titles[$index] = $title;
    }

    function kept(string $name, callable $make): mixed
    {
        return Shim::$kept[$name] = $make();
    }

    function deliver(mixed $data, float $delay = 0.0): bool
    {
        $sent = serialize($data);
        if (Shim::$settings['task_worker_num'] < 1) {
            return false;
        }
        Shim::$delivered[] = [unserialize($sent), $delay];

        return true;
    }

    function where(): string
    {
        return Shim::$where;
    }
}

namespace Symfony\Component\HttpFoundation {

    /** The command line keeps no headers: the ones that a response sends are noted. */
    function header(string $line, bool $replace = true, int $status = 0): void
    {
        if ($replace) {
            $name = strstr($line, ':', true) . ':';
            \Rserverd\Shim::$headers = array_values(array_filter(
                \Rserverd\Shim::$headers,
                static fn (string $old): bool => stripos($old, $name) !== 0
            ));
        }
        \Rserverd\Shim::$headers[] = $line;
        $status && http_response_code($status);
    }
}

namespace {
    if (!function_exists('fastcgi_finish_request')) {
        function fastcgi_finish_request(): bool
        {
            return Rserverd\finish_request();
        }
    }
}
