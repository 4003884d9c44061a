<?php

declare(strict_types=1);

namespace Rserverd\Illuminate\Redis;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Redis\RedisManager;
use Redis;

use function Rserverd\spoilt;

/**
 * Connections to Redis stay open from request to request; what a request told the server about one does not: those
 * of Predis tell themselves (PredisLink), of those of phpredis the engine knows (sapi/php_connections_redis.c).
 */
final class Watch
{
    /** @return Closure(): void|null what to do after a request; null: this application has no Redis */
    public static function of(Container $app): ?Closure
    {
        if (!$app->bound('redis') || !$app->resolved('redis') || !($redis = $app->make('redis')) instanceof RedisManager) {
            return null;
        }
        [$driver, $creators] = (fn (): array => [$this->driver, $this->customCreators ?? null])->call($redis);
        if ($driver === 'phpredis') {
            return static fn () => self::closeSpoilt($redis);
        }
        if ($driver !== 'predis' || !class_exists('Predis\Connection\StreamConnection')) {
            return null;
        }
        // An application that makes them itself knows why; and this may be the second time.
        if (is_array($creators) && !isset($creators['predis'])) {
            $redis->extend('predis', fn (): PredisConnector => new PredisConnector());
        }

        return PredisLink::closeChanged(...);
    }

    /** Who holds the connection has one that opens itself again. */
    private static function closeSpoilt(RedisManager $redis): void
    {
        foreach ((array) $redis->connections() as $name => $connection) {
            $client = $connection->client();
            if ($client instanceof Redis && ($client->getMode() !== Redis::ATOMIC || spoilt($client))) {
                $redis->purge($name);
                $client->close();
            }
        }
    }
}
