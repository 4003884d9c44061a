<?php

declare(strict_types=1);

namespace App\Pollution;

use App\Models\Note;
use App\Models\User;
use Closure;
use Illuminate\Events\Dispatcher;
use Illuminate\Http\Request;

/** Whatever the framework or PHP wants a class for: middleware, observer, subscriber, policy, component, filter, handler. */
class Watcher
{
    public function handle(Request $request, Closure $next): mixed
    {
        return $next($request);
    }

    public function creating(Note $note): void
    {
        $note->text = 'polluted';
    }

    public function subscribe(Dispatcher $events): void
    {
        $events->listen('pollution.subscribed', self::class . '@heard');
    }

    public function heard(): void
    {
    }

    public function view(User $user, Note $note): bool
    {
        return true;
    }

    public static function load(string $class): void
    {
    }

    public static function pass(string $text): string
    {
        return $text;
    }
}
