<?php

declare(strict_types=1);

namespace Rserverd\Mysql;

/**
 * A client's side of one MySQL connection, without a socket: bytes that came go in by receive(), what is to be sent comes out by
 * $send, and what became of it is told once, by $told(Outcome). Text protocol, one query at a time.
 */
final class Connection
{
    private const MAX_PACKET = 0xffffff;
    private const UNEXPECTED = 'the server said something that has no place there';

    // Capabilities.
    private const PLUGIN_AUTH = 0x80000;
    /** PROTOCOL_41, SECURE_CONNECTION: since MySQL 4.1 */
    private const NEEDED = 0x200 | 0x8000;
    /** LONG_FLAG, CONNECT_WITH_DB, TRANSACTIONS, MULTI_RESULTS. Neither several statements in one query nor LOCAL INFILE. */
    private const WANTED = self::NEEDED | 0x4 | 0x8 | 0x2000 | 0x20000 | self::PLUGIN_AUTH;
    /** Always said: MariaDB, which does not offer it, takes us for a client of its own without. */
    private const LONG_PASSWORD = 0x1;

    // Bits of the server's status.
    private const MORE_RESULTS = 0x8;
    private const NO_BACKSLASH_ESCAPES = 0x200;

    public string $serverVersion = '';

    private string $buffer = '';

    /** Where the first packet of the buffer begins that was not taken yet. */
    private int $at = 0;

    /** Packets of 16 MB that belong to the one that comes. */
    private string $begun = '';

    private int $sequence = 0;
    private int $status = 0;
    private string $plugin = '';
    private string $challenge = '';
    private Expecting $expecting = Expecting::Greeting;
    private ?Result $result = null;

    /** The first result of a procedure, which has several. */
    private ?Outcome $first = null;

    /**
     * @param callable(string): (int|false) $send false: there is no room for that
     * @param callable(Outcome): void       $told
     */
    public function __construct(
        private readonly string $user,
        private readonly Password $password,
        private readonly string $database,
        private readonly int $charset,
        private readonly bool $typed,
        private $send,
        private $told,
    ) {
    }

    /** false: it was not sent. */
    public function query(string $sql): bool
    {
        $this->sequence = 0;
        if (!$this->write("\x03$sql")) {
            return false;
        }
        [$this->expecting, $this->first] = [Expecting::Answer, null];

        return true;
    }

    public function quit(): void
    {
        $this->sequence = 0;
        $this->write("\x01");
    }

    public function state(): Expecting
    {
        return $this->expecting;
    }

    public function backslashEscapes(): bool
    {
        return ($this->status & self::NO_BACKSLASH_ESCAPES) === 0;
    }

    public function receive(string $bytes): void
    {
        $this->buffer = substr($this->buffer, $this->at) . $bytes;
        $this->at = 0;
        try {
            while (($packet = $this->packet()) !== null) {
                $this->take(new Payload($packet));
            }
        } catch (ProtocolError $e) {
            $this->end(Outcome::failed(Outcome::MALFORMED, $e->getMessage(), true));
        }
    }

    // ---- packets

    private function packet(): ?string
    {
        while (strlen($this->buffer) - $this->at >= 4) {
            $head = unpack('V', $this->buffer, $this->at)[1];
            $n = $head & self::MAX_PACKET;
            if (strlen($this->buffer) - $this->at < 4 + $n) {
                return null;
            }
            if ($head >> 24 !== $this->sequence) {
                throw new ProtocolError('packets are out of order');
            }
            $this->sequence = ($this->sequence + 1) & 0xff;
            $this->begun .= substr($this->buffer, $this->at + 4, $n);
            $this->at += 4 + $n;
            if ($n < self::MAX_PACKET) {
                [$whole, $this->begun] = [$this->begun, ''];

                return $whole;
            }
        }

        return null;
    }

    private function write(string $payload): bool
    {
        $out = '';
        do {
            $piece = substr($payload, 0, self::MAX_PACKET);
            $payload = substr($payload, self::MAX_PACKET);
            $out .= pack('V', strlen($piece) | $this->sequence << 24) . $piece;
            $this->sequence = ($this->sequence + 1) & 0xff;
        } while (strlen($piece) === self::MAX_PACKET);

        return ($this->send)($out) !== false;
    }

    private function take(Payload $p): void
    {
        if ($p->kind() === 0xff && $this->expecting !== Expecting::Nothing) {
            $this->refused($p);

            return;
        }
        match ($this->expecting) {
            Expecting::Greeting => $this->greeting($p),
            Expecting::Admission => $this->admission($p),
            Expecting::Answer => $this->answer($p),
            Expecting::Columns, Expecting::Rows => $this->resultSet($p),
            Expecting::Nothing => throw new ProtocolError(self::UNEXPECTED),
        };
    }

    // ---- logging in

    private function greeting(Payload $p): void
    {
        if ($p->number(1) !== 10) {
            throw new ProtocolError('the server does not speak version 10 of the protocol');
        }
        $this->serverVersion = $p->zeroTerminated();
        $p->take(4);
        $this->challenge = $p->take(8);
        $p->take(1);
        $capabilities = $p->number(2);
        $p->take(1);
        $this->status = $p->number(2);
        $capabilities |= $p->number(2) << 16;
        $length = $p->number(1);
        $p->take(10);
        $this->challenge = substr($this->challenge . $p->take(max(13, $length - 8)), 0, 20);
        if ((self::NEEDED & ~$capabilities) !== 0) {
            throw new ProtocolError('the server is older than MySQL 4.1');
        }
        $this->plugin = $capabilities & self::PLUGIN_AUTH ? $p->zeroTerminated() : Password::NATIVE;
        // A server may name what it likes best and still ask for another: what is not known waits for that.
        $known = in_array($this->plugin, [Password::NATIVE, Password::SHA2], true) ? $this->plugin : Password::NATIVE;
        $answer = $this->password->answer($known, $this->challenge);
        $this->expecting = Expecting::Admission;
        $this->write(pack('VVC', self::WANTED & $capabilities | self::LONG_PASSWORD, self::MAX_PACKET, $this->charset)
            . str_repeat("\0", 23) . "$this->user\0" . chr(strlen($answer)) . $answer . "$this->database\0$known\0");
    }

    private function admission(Payload $p): void
    {
        switch ($p->kind()) {
            case 0x00:
                $this->ended($p);
                $this->end(Outcome::done(0, 0));
                break;
            case 0xfe:
                $p->take(1);
                $this->plugin = $p->length() === 1 ? 'old passwords' : $p->zeroTerminated();
                $this->challenge = substr($p->rest(), 0, 20);
                $this->write($this->password->answer($this->plugin, $this->challenge));
                break;
            case 0x01:
                $p->take(1);
                $this->proof($p->rest());
                break;
            default:
                throw new ProtocolError(self::UNEXPECTED);
        }
    }

    /** caching_sha2_password goes on. */
    private function proof(string $said): void
    {
        if ($said === "\x03") {
            return;
        }
        $this->write($said === "\x04" ? $this->password->plain() ?? "\x02" : $this->password->sealed($said, $this->challenge));
    }

    // ---- results

    private function refused(Payload $p): void
    {
        $p->take(1);
        $code = $p->number(2);
        $text = $p->rest();
        $text = str_starts_with($text, '#') ? substr($text, 6) : $text;
        $this->end(Outcome::failed($code, $text, $this->expecting->loggingIn()));
    }

    private function answer(Payload $p): void
    {
        if ($p->kind() === 0x00) {
            $p->take(1);
            $done = Outcome::done((int) $p->count(), (int) $p->count());
            $this->status = $p->number(2);
            $this->finished($done);

            return;
        }
        $columns = $p->count() ?? throw new ProtocolError('the server wants to read a file of ours');
        $this->result = new Result($columns, $this->typed);
        $this->expecting = Expecting::Columns;
    }

    private function resultSet(Payload $p): void
    {
        $over = $p->kind() === 0xfe && $p->length() < 9;
        $inColumns = $this->expecting === Expecting::Columns;
        match (true) {
            !$inColumns && $over => $this->setEnded($p),
            $inColumns && $over && $this->result->described() => $this->expecting = Expecting::Rows,
            $inColumns => $this->result->column($p),
            default => $this->result->row($p),
        };
    }

    private function setEnded(Payload $p): void
    {
        $p->take(3);
        $this->status = $p->number(2);
        [$rows, $this->result] = [$this->result->rows, null];
        $this->finished(Outcome::rows($rows));
    }

    private function ended(Payload $p): void
    {
        $p->take(1);
        $p->count();
        $p->count();
        $this->status = $p->number(2);
    }

    /** One result; who asked gets the first. */
    private function finished(Outcome $outcome): void
    {
        $this->first ??= $outcome;
        if ($this->status & self::MORE_RESULTS) {
            $this->expecting = Expecting::Answer;

            return;
        }
        $this->end($this->first);
    }

    private function end(Outcome $outcome): void
    {
        [$this->expecting, $this->first, $this->result] = [Expecting::Nothing, null, null];
        if ($outcome->fatal) {
            [$this->buffer, $this->begun, $this->at] = ['', '', 0];
        }
        ($this->told)($outcome);
    }
}
