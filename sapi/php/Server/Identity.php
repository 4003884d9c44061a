<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Closure;
use Illuminate\Container\Container;
use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Facade;

/**
 * Who opened a WebSocket connection: the upgrade's request, its session and its user. Kept as text, for the next event of
 * the connection may come to another worker; given back when an event is about to run: the session is read and the user is
 * looked up when somebody asks.
 */
final class Identity
{
    /** What a request shows of the connection that it came on. Headers are kept too. */
    private const SERVER = ['REQUEST_METHOD', 'REQUEST_URI', 'QUERY_STRING', 'SERVER_PROTOCOL', 'SERVER_NAME', 'SERVER_PORT',
        'SERVER_ADDR', 'REMOTE_ADDR', 'REMOTE_PORT', 'HTTPS', 'REQUEST_SCHEME', 'REQUEST_TIME', 'REQUEST_TIME_FLOAT',
        'SCRIPT_NAME', 'SCRIPT_FILENAME', 'PHP_SELF', 'DOCUMENT_ROOT'];

    /** @param array{server: array<string, mixed>, cookies: array<string, mixed>, session: ?string, guard: ?string, user: mixed} $kept */
    private function __construct(private readonly array $kept)
    {
    }

    /** What is bound right now, after the upgrade went through the routes. */
    public static function current(Container $app, Request $request): self
    {
        $server = array_filter(
            $request->server->all(),
            static fn (mixed $value, string $name): bool => is_scalar($value)
                && (in_array($name, self::SERVER, true) || str_starts_with($name, 'HTTP_') && $name !== 'HTTP_COOKIE'),
            ARRAY_FILTER_USE_BOTH
        );
        [$guard, $user] = self::user($app);

        return new self([
            'server' => $server,
            'cookies' => array_filter($request->cookies->all(), is_string(...)),
            'session' => $request->hasSession() ? $request->session()->getId() : null,
            'guard' => $guard,
            'user' => $user,
        ]);
    }

    /** At most so many bytes; what is left out then: cookies, then headers, then everything but session and user. */
    public function encode(int $most): ?string
    {
        $server = $this->kept['server'];
        foreach ([[], ['cookies' => []], ['cookies' => [], 'server' => array_intersect_key($server, array_flip(self::SERVER))],
            ['cookies' => [], 'server' => []]] as $less) {
            $text = serialize($less + $this->kept);
            if (strlen($text) <= $most) {
                return $text;
            }
        }

        return null;
    }

    public static function decode(string $text): ?self
    {
        $kept = @unserialize($text, ['allowed_classes' => false]);

        return is_array($kept) && isset($kept['server'], $kept['cookies']) ? new self($kept) : null;
    }

    public function restore(Hosted $host): void
    {
        $app = $host->app();
        parse_str((string) ($this->kept['server']['QUERY_STRING'] ?? ''), $query);
        $host->bind($query, $this->kept['cookies'], $this->kept['server']);
        if (is_string($this->kept['session']) && $app->bound('session')) {
            self::openLater($app, $this->kept['session']);
        }
        if ($this->kept['user'] !== null && $app->bound('auth')) {
            (new PinnedGuard($app->make('auth'), $this->kept['guard'], $this->kept['user']))->install();
        }
    }

    /**
     * The user whom a guard knows. A guard that nobody has asked says the same later: it looks at request and session.
     *
     * @return array{?string, int|string|null} name of the guard, and how its provider finds the user
     */
    private static function user(Container $app): array
    {
        if (!$app->bound('auth') || !$app->resolved('auth')) {
            return [null, null];
        }
        $auth = $app->make('auth');
        $guards = (fn (): array => $this->guards ?? [])->call($auth);
        $default = $auth->getDefaultDriver();
        foreach (array_replace(array_intersect_key($guards, [$default => null]), $guards) as $name => $guard) {
            $knows = method_exists($guard, 'hasUser') ? $guard->hasUser() : true;
            $user = $knows ? $guard->user() : null;
            if ($user instanceof Authenticatable) {
                $id = $user->getAuthIdentifier();

                return [(string) $name, is_int($id) ? $id : (string) $id];
            }
        }

        return [null, null];
    }

    /** Opened when somebody asks for it: most messages need no session. */
    private static function openLater(Container $app, string $id): void
    {
        $manager = $app->make('session');
        $make = static function (Container $app) use ($manager, $id): object {
            $store = $manager->driver();
            $store->setId($id);
            if (method_exists($store, 'setRequestOnHandler')) {
                $store->setRequestOnHandler($app->make('request'));
            }
            $store->start();

            return $manager;
        };
        // Not bind(): that would make it at once for those who wait for a new one.
        Closure::bind(static function (Container $app) use ($make): void {
            unset($app->instances['session'], $app->instances['session.store'], $app->extenders['session']);
            $app->bindings['session'] = ['concrete' => $make, 'shared' => true];
        }, null, Container::class)($app);
        Facade::clearResolvedInstance('session');
        Facade::clearResolvedInstance('session.store');
    }
}
