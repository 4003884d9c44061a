<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Redis;

use Predis\Command\CommandInterface;
use Predis\Connection\StreamConnection;

/**
 * A connection of Predis that knows what a request has done to the server's end of it: another database, an open MULTI, keys that are
 * watched, subscriptions, another user, answers that nobody has read. Such a one is closed when the request has ended; Predis opens it
 * again, as it first did, when the next one needs it.
 */
class PredisLink extends StreamConnection
{
    /** Commands that change what the server knows of a connection, for as long as it lives. */
    private const CHANGING = ['AUTH', 'HELLO', 'READONLY', 'READWRITE', 'MONITOR', 'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'RESET',
        'SYNC', 'PSYNC', 'REPLCONF'];

    /** Of CLIENT. */
    private const CHANGING_CLIENT = ['SETNAME', 'SETINFO', 'REPLY', 'TRACKING', 'CACHING', 'NO-EVICT', 'NO-TOUCH'];

    /** @var array<int, self> those that this request has used */
    private static array $used = [];

    /** @var array<string, true> what is not as it was when it was opened */
    private array $changed = [];

    /** Answers that are to come. */
    private int $owed = 0;

    /** A request has ended. */
    public static function closeChanged(): void
    {
        [$used, self::$used] = [self::$used, []];
        foreach ($used as $link) {
            if ($link->changed !== [] || $link->owed !== 0) {
                $link->disconnect();
            }
        }
    }

    public function connect()
    {
        $open = $this->isConnected();
        parent::connect();
        $open || $this->begin(); // with its password sent and its database chosen
    }

    public function disconnect()
    {
        parent::disconnect();
        $this->begin();
    }

    public function writeRequest(CommandInterface $command)
    {
        self::$used[spl_object_id($this)] = $this;
        parent::writeRequest($command);
        $this->owed++;
        $this->note(strtoupper($command->getId()), $command);
    }

    public function readResponse(CommandInterface $command)
    {
        $response = parent::readResponse($command);
        $this->owed--;

        return $response;
    }

    private function begin(): void
    {
        [$this->changed, $this->owed] = [[], 0];
    }

    private function note(string $id, CommandInterface $command): void
    {
        if ($id === 'EXEC' || $id === 'DISCARD') {
            unset($this->changed['MULTI'], $this->changed['WATCH']);
        } elseif ($id === 'UNWATCH') {
            unset($this->changed['WATCH']);
        } elseif ($id === 'MULTI' || $id === 'WATCH' || in_array($id, self::CHANGING, true)
            || ($id === 'SELECT' && (int) $command->getArgument(0) !== (int) ($this->getParameters()->database ?? 0))
            || ($id === 'CLIENT' && in_array(strtoupper((string) $command->getArgument(0)), self::CHANGING_CLIENT, true))) {
            $this->changed[$id] = true;
        } elseif ($id === 'SELECT') {
            unset($this->changed['SELECT']);
        }
    }
}
