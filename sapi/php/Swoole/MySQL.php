<?php

declare(strict_types=1);

namespace Swoole;

use Rserverd\Mysql\Connection;
use Rserverd\Mysql\Expecting;
use Rserverd\Mysql\Outcome;
use Rserverd\Mysql\Password;

/**
 * swoole_mysql: queries with callbacks (contract L.5). A connection that asks one thing at a time; several objects ask at the same time.
 * From connect() to close() the loop holds it.
 */
class MySQL
{
    public const STATE_QUERY = 0;
    public const STATE_READ_START = 1;
    public const STATE_READ_FIELD = 2;
    public const STATE_READ_ROW = 3;
    public const STATE_READ_END = 5;
    public const STATE_CLOSED = 6;

    private const PORT = 3306;
    private const TIMEOUT = 1.0;

    /** ETIMEDOUT */
    private const TIMED_OUT = 110;

    private const REQUIRED = ['host', 'user', 'password', 'database'];

    /** name => number of a collation. No byte of theirs looks like a quote or a backslash and is none, so escape() is safe. */
    private const CHARSETS = ['utf8mb4' => 45, 'utf8' => 33, 'utf8mb3' => 33, 'latin1' => 8, 'ascii' => 11, 'binary' => 63, 'gb2312' => 24];

    /** @var array<string, mixed>|null */
    public $serverInfo;

    public $sock = -1;
    public $connected = false;
    public $errno = 0;
    public $error = '';
    public $connect_errno = 0;
    public $connect_error = '';
    public $insert_id = 0;
    public $affected_rows = 0;

    private ?Client $client = null;
    private ?Connection $connection = null;

    /** @var callable|null of the login or the query that runs */
    private $waiting;

    /** @var callable|null */
    private $onClose;

    private int $timer = 0;

    public function on(string $event, callable $callback): bool
    {
        if (strcasecmp($event, 'close') !== 0) {
            return self::warn(__FUNCTION__, "unknown event types[$event]");
        }
        $this->onClose = $callback;

        return true;
    }

    public function connect(array $config, callable $callback): bool
    {
        if ($this->client !== null) {
            return self::warn(__FUNCTION__, 'the connection is there already, or about to be');
        }
        foreach (self::REQUIRED as $key) {
            isset($config[$key]) || throw new MySQL\Exception(strtoupper($key) . ' parameter is required.', 11);
        }
        $charset = strtolower((string) ($config['charset'] ?? 'utf8mb4'));
        isset(self::CHARSETS[$charset]) || throw new MySQL\Exception("unknown charset [$charset].", 11);
        foreach (['user', 'database'] as $key) {
            str_contains((string) $config[$key], "\0") && throw new MySQL\Exception("$key has a zero byte.", 11);
        }
        [$this->serverInfo, $this->waiting] = [$config, $callback];
        [$this->connect_errno, $this->connect_error] = [0, ''];
        $this->open($config, self::CHARSETS[$charset]);

        return true;
    }

    public function query(string $sql, callable $callback): bool
    {
        if (!$this->connected) {
            return self::warn(__FUNCTION__, 'mysql client is not connected to server');
        }
        if ($this->waiting !== null) {
            return self::warn(__FUNCTION__, 'mysql client is waiting for a result, one query at a time');
        }
        if ($sql === '') {
            return self::warn(__FUNCTION__, 'Query is empty');
        }
        if (!$this->connection->query($sql)) {
            return self::warn(__FUNCTION__, 'the query is too long');
        }
        $this->waiting = $callback;
        [$this->errno, $this->error, $this->insert_id, $this->affected_rows] = [0, '', 0, 0];

        return true;
    }

    public function begin(callable $callback): bool
    {
        return $this->query('START TRANSACTION', $callback);
    }

    public function commit(callable $callback): bool
    {
        return $this->query('COMMIT', $callback);
    }

    public function rollback(callable $callback): bool
    {
        return $this->query('ROLLBACK', $callback);
    }

    /** For a string between quotes of a query. */
    public function escape(string $string, int $flags = 0): string|false
    {
        if (!$this->connected) {
            return self::warn(__FUNCTION__, 'mysql client is not connected to server');
        }

        return $this->connection->backslashEscapes()
            ? strtr($string, ["\0" => '\0', "\n" => '\n', "\r" => '\r', "\x1a" => '\Z', '\\' => '\\\\', "'" => "\\'", '"' => '\\"'])
            : str_replace("'", "''", $string);
    }

    public function getState(): int
    {
        return match ($this->connection?->state()) {
            null => self::STATE_CLOSED,
            Expecting::Answer => self::STATE_READ_START,
            Expecting::Columns => self::STATE_READ_FIELD,
            Expecting::Rows => self::STATE_READ_ROW,
            default => self::STATE_QUERY,
        };
    }

    /** Who waits for a result is told that none comes. */
    public function close(): bool
    {
        if ($this->client === null) {
            return false;
        }
        $this->connected && $this->waiting === null && $this->connection->quit();
        $this->leave(Outcome::failed(Outcome::GONE, 'MySQL server has gone away', true), false);

        return true;
    }

    // ---- the connection

    private function open(array $config, int $charset): void
    {
        $host = (string) $config['host'];
        $path = str_starts_with($host, 'unix:') ? '/' . ltrim(substr($host, 5), '/') : $host;
        $unix = str_starts_with($path, '/');
        $timeout = (float) ($config['timeout'] ?? self::TIMEOUT);
        $client = $this->client = new Client($unix ? SWOOLE_SOCK_UNIX_STREAM
            : (str_contains($path, ':') ? SWOOLE_SOCK_TCP6 : SWOOLE_SOCK_TCP), SWOOLE_SOCK_ASYNC);
        $this->connection = new Connection((string) $config['user'], new Password((string) $config['password'], $unix),
            (string) $config['database'], $charset, (bool) ($config['strict_type'] ?? false), $client->send(...),
            fn (Outcome $outcome) => $this->client === $client && $this->told($outcome));
        $client->on('connect', fn () => $this->sock = $client->sock);
        $client->on('receive', fn (Client $client, string $data) => $this->client === $client && $this->connection->receive($data));
        $client->on('error', fn () => $this->unreachable($client));
        $client->on('close', fn () => $this->client === $client && $this->leave(Outcome::failed(Outcome::LOST,
            'Lost connection to MySQL server during query', true), true));
        if ($timeout > 0) {
            $this->timer = Timer::after(max(1, (int) ($timeout * 1000)), fn () => $this->late($client));
        }
        if (!$client->connect($path, $unix ? 0 : (int) ($config['port'] ?? self::PORT), $timeout > 0 ? $timeout : -1)) {
            Event::defer(fn () => $this->unreachable($client));
        }
    }

    private function unreachable(Client $client): void
    {
        $this->client === $client
            && $this->leave(Outcome::failed($client->errCode, swoole_strerror($client->errCode, SWOOLE_STRERROR_SWOOLE), true), false);
    }

    private function late(Client $client): void
    {
        $this->timer = 0;
        $this->client === $client && !$this->connected
            && $this->leave(Outcome::failed(self::TIMED_OUT, swoole_strerror(self::TIMED_OUT), true), false);
    }

    /** A login or a query has ended. */
    private function told(Outcome $outcome): void
    {
        if ($outcome->fatal) {
            $this->leave($outcome, $this->connected);

            return;
        }
        if (!$this->connected) {
            $this->stopTimer();
            $this->connected = true;
        } else {
            $this->note($outcome);
        }
        $this->answer($outcome);
    }

    /** The end of the connection: whoever waits is told, then who wants to know of ends. */
    private function leave(Outcome $outcome, bool $tell): void
    {
        [$client, $loggedIn] = [$this->client, $this->connected];
        $this->stopTimer();
        [$this->client, $this->connection, $this->connected, $this->sock] = [null, null, false, -1];
        $client?->close();
        if ($this->waiting !== null) {
            $this->note($outcome, !$loggedIn);
            $this->answer($outcome);
        }
        $tell && $loggedIn && $this->onClose !== null && ($this->onClose)($this);
    }

    private function note(Outcome $outcome, bool $ofLogin = false): void
    {
        if ($ofLogin) {
            [$this->connect_errno, $this->connect_error] = [$outcome->code, $outcome->text];

            return;
        }
        [$this->errno, $this->error] = [$outcome->code, $outcome->text];
        [$this->affected_rows, $this->insert_id] = [$outcome->affected, $outcome->insertId];
    }

    private function answer(Outcome $outcome): void
    {
        [$callback, $this->waiting] = [$this->waiting, null];
        $callback === null || $callback($this, $outcome->result);
    }

    private function stopTimer(): void
    {
        $this->timer === 0 || Timer::clear($this->timer);
        $this->timer = 0;
    }

    private static function warn(string $method, string $text): bool
    {
        trigger_error("Swoole\\MySQL::$method(): $text", E_USER_WARNING);

        return false;
    }
}

class_alias(MySQL::class, 'swoole_mysql');
