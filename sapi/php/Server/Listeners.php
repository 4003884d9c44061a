<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Hhxsv5\LaravelS\Swoole\Task\Event;
use Hhxsv5\LaravelS\Swoole\Task\Listener;
use Rserverd\Log;
use UnexpectedValueException;

/** Listeners of asynchronous events: those that the event names, then those of the configuration, each once. */
final class Listeners
{
    /** @var array<string, list<string>> by event class, in lower case, as class names are */
    private array $configured = [];

    /** @param array<string, list<string>> $events */
    public function __construct(array $events)
    {
        foreach ($events as $event => $listeners) {
            $this->configured[self::key($event)] = $listeners;
        }
    }

    /** @param array<string, list<string>> $events */
    public static function check(array $events, int $taskWorkers): void
    {
        if ($events !== [] && $taskWorkers < 1) {
            throw new UnexpectedValueException('events: asynchronous events need task workers: set swoole.task_worker_num');
        }
        foreach ($events as $event => $listeners) {
            Check::extends('events', $event, Event::class);
            foreach ($listeners as $listener) {
                Check::extends("events.$event", $listener, Listener::class);
            }
        }
    }

    /** @return list<string> */
    public function of(Event $event): array
    {
        $all = [...array_values((array) $event->getListeners()), ...$this->configured[self::key($event::class)] ?? []];

        return array_values(array_combine(array_map(self::key(...), $all), $all));
    }

    public function run(Event $event): void
    {
        foreach ($this->of($event) as $class) {
            if (!is_subclass_of($class, Listener::class)) {
                Log::warning('event ' . $event::class . ": $class "
                    . (class_exists($class) ? 'is no ' . Listener::class : 'does not exist') . ', it is left out');
                continue;
            }
            $result = null;
            Calls::tried("listener $class of event " . $event::class, (int) $event->getTries(),
                static function () use ($class, $event, &$result): void {
                    $result = (new $class())->handle($event);
                });
            if ($result === false) {
                return;
            }
        }
    }

    private static function key(string $class): string
    {
        return strtolower(ltrim($class, '\\'));
    }
}
