<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Rserverd\Log;
use Swoole\Server;
use Swoole\Table;

use function Rserverd\kept;

/** The identities of all open WebSocket connections: shared by all workers, and kept over reloads. */
final class Identities
{
    /** Bytes of one: headers and cookies of an ordinary browser fit. */
    private const SIZE = 4096;

    private const MOST = 65536;

    private bool $said = false;

    private function __construct(private readonly Table $table)
    {
    }

    /** @param int $connections as many as may be open */
    public static function make(int $connections): self
    {
        return new self(kept('identity', static function () use ($connections): Table {
            $table = new Table(max(1024, min($connections, self::MOST)));
            $table->column('who', Table::TYPE_STRING, self::SIZE);
            $table->create();

            return $table;
        }));
    }

    public function put(Server $server, int $fd, Identity $identity): void
    {
        $text = $identity->encode(self::SIZE);
        if ($text === null || @$this->table->set((string) $fd, ['who' => $text])) {
            return;
        }
        $this->sweep($server);
        if (!@$this->table->set((string) $fd, ['who' => $text]) && !$this->said) {
            $this->said = true;
            Log::warning('there is no room for the identity of more WebSocket connections: their messages have no user');
        }
    }

    public function of(int $fd): ?Identity
    {
        $text = $this->table->get((string) $fd, 'who');

        return is_string($text) && $text !== '' ? Identity::decode($text) : null;
    }

    public function drop(int $fd): void
    {
        $this->table->del((string) $fd);
    }

    /** Of connections whose end nobody was told: the process that held them has died. */
    private function sweep(Server $server): void
    {
        $gone = [];
        foreach ($this->table as $fd => $row) {
            if (!$server->exist((int) $fd)) {
                $gone[] = (string) $fd;
            }
        }
        array_map($this->table->del(...), $gone);
    }
}
