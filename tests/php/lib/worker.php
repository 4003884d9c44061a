<?php

declare(strict_types=1);

/* Plays the engine: boots through sapi/php/main.php and runs requests in this process. */

require_once __DIR__ . '/check.php';
require_once __DIR__ . '/shim.php';

use Rserverd\Shim;

final class Answer
{
    /** @param list<string> $headers */
    public function __construct(public readonly int $status, public readonly array $headers, public readonly string $body)
    {
    }

    public function json(): mixed
    {
        return json_decode($this->body, true, 512, JSON_THROW_ON_ERROR);
    }

    public function header(string $name): ?string
    {
        foreach ($this->headers as $line) {
            if (stripos($line, "$name:") === 0) {
                return trim(substr($line, strlen($name) + 1));
            }
        }

        return null;
    }
}

final class Worker
{
    /** @var array<string, string> what a browser would send back */
    public array $cookies = [];

    /** @var array<string, mixed> $_SERVER as boot left it */
    private readonly array $server;

    /** @param array<string, mixed> $settings what differs from the defaults */
    public function __construct(string $base, array $settings = [])
    {
        // Nothing must reach the standard output: PHP would take the headers for sent.
        ob_start();
        Shim::$settings = $settings + ['base_path' => $base, 'document_root' => "$base/public"] + Shim::$settings;
        require dirname(__DIR__, 3) . '/sapi/php/main.php';
        if (!Shim::$serving) {
            throw new RuntimeException('boot failed: ' . Shim::$bootFailed);
        }
        $this->server = $_SERVER;
        if (!(Shim::$workerStart)()) {
            throw new RuntimeException('worker start failed: ' . Shim::$bootFailed);
        }
    }

    public function get(string $uri): Answer
    {
        return $this->request('GET', $uri);
    }

    /** @param array<string, mixed> $post */
    public function request(string $method, string $uri, array $post = [], array $server = []): Answer
    {
        $this->prepare($method, $uri, $post, $server);
        [Shim::$finished, Shim::$headers] = [null, []];
        ob_start();
        $level = Shim::$level = ob_get_level();
        try {
            (Shim::$handle)();
        } finally {
            while (ob_get_level() > $level) {
                ob_end_flush();
            }
            $printed = (string) ob_get_clean();
            $body = Shim::$finished ?? $printed;
            $answer = new Answer((int) (http_response_code() ?: 200), Shim::$headers, $body);
            http_response_code(200);
            (Shim::$clean)();
        }
        $this->keepCookies($answer);

        return $answer;
    }

    /** The superglobals of a request. */
    public function prepare(string $method, string $uri, array $post, array $server): void
    {
        $query = (string) parse_url($uri, PHP_URL_QUERY);
        parse_str($query, $_GET);
        [$_POST, $_COOKIE, $_FILES] = [$post, $this->cookies, []];
        $_REQUEST = $_GET + $_POST;
        $_SERVER = $server + [
            'REQUEST_METHOD' => $method, 'REQUEST_URI' => $uri, 'QUERY_STRING' => $query, 'SERVER_NAME' => 'test.example',
            'HTTP_HOST' => 'test.example', 'SERVER_PORT' => '80', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1',
            'SCRIPT_NAME' => '/index.php', 'PHP_SELF' => '/index.php', 'SCRIPT_FILENAME' => '/app/public/index.php',
            'CONTENT_TYPE' => $post ? 'application/x-www-form-urlencoded' : '', 'CONTENT_LENGTH' => '',
            'HTTP_ACCEPT' => 'application/json', 'REQUEST_TIME' => time(), 'REQUEST_TIME_FLOAT' => microtime(true),
        ] + $this->server;
    }

    private function keepCookies(Answer $answer): void
    {
        foreach ($answer->headers as $line) {
            if (preg_match('/^Set-Cookie: ([^=]+)=([^;]*)/i', $line, $m)) {
                $this->cookies[$m[1]] = urldecode($m[2]);
            }
        }
    }
}
