<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Swoole\Timer;


/**
 * The lock by which one instance of a cluster runs the jobs: a key in Redis that its owner renews. Key and value are those
 * of LaravelS, so that instances of both may share a cluster.
 */
trait GlobalTimer
{
    /** @var string */
    protected static $globalTimerLockKey = '';

    /** @var bool|null false: another instance runs the jobs; null: nobody has asked yet */
    protected static $enable = true;

    public static function getGlobalTimerCacheKey()
    {
        return 'laravels:timer:' . strtolower(static::$globalTimerLockKey);
    }

    public static function setGlobalTimerLockKey($key)
    {
        CronJob::$globalTimerLockKey = (string) $key;
    }

    /** @return bool this instance has it now */
    public static function getGlobalTimerLock()
    {
        $set = self::redis()->set(self::getGlobalTimerCacheKey(), self::globalTimerOwner(), 'ex',
            CronJob::GLOBAL_TIMER_LOCK_SECONDS, 'nx');

        // PhpRedis: bool; Predis: a status object, or null.
        return is_object($set) ? (string) $set === 'OK' : $set === true || $set === 'OK';
    }

    /** @return bool some instance has the lock */
    public static function isGlobalTimerAlive()
    {
        $value = self::redis()->get(self::getGlobalTimerCacheKey());

        return $value !== null && $value !== false;
    }

    /** @return bool this instance has the lock */
    public static function isCurrentTimerAlive()
    {
        return self::redis()->get(self::getGlobalTimerCacheKey()) === self::globalTimerOwner();
    }

    public static function renewGlobalTimerLock($expire)
    {
        return (bool) self::redis()->expire(self::getGlobalTimerCacheKey(), (int) $expire);
    }

    /** Asks Redis whether the jobs of this instance may run. */
    public static function checkSetEnable()
    {
        self::setEnable(self::isGlobalTimerAlive() ? self::isCurrentTimerAlive() : self::getGlobalTimerLock());
    }

    public static function setEnable($enable)
    {
        CronJob::$enable = (bool) $enable;
    }

    public static function isEnable()
    {
        return (bool) CronJob::$enable;
    }

    private static function redis(): object
    {
        return app('redis');
    }

    private static function globalTimerOwner(): string
    {
        static $owner = null;
        if ($owner === null) {
            $addresses = function_exists('swoole_get_local_ip') ? swoole_get_local_ip() : [];
            $host = $addresses ? reset($addresses) : gethostname();
            $owner = $host . ':' . \Rserverd\settings()['listen_port'];
        }

        return $owner;
    }
}
