<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Illuminate\Contracts\Auth\Authenticatable;
use Illuminate\Contracts\Auth\Guard;

/**
 * A guard of one connection's events: it knows who opened the connection, and looks the user up when somebody asks. All
 * else is the application's own guard of that name.
 */
final class PinnedGuard implements Guard
{
    private ?Authenticatable $user = null;

    private bool $asked = false;

    private ?object $own = null;

    public function __construct(
        private readonly object $auth,
        private readonly string $name,
        private readonly int|string $id,
    ) {
    }

    /** The guard's name means this one, until the scope ends. */
    public function install(): void
    {
        [$name, $guard] = [$this->name, $this];
        (function () use ($name, $guard): void {
            $this->guards[$name] = $guard;
        })->call($this->auth);
        $this->auth->shouldUse($name);
    }

    public function check()
    {
        return $this->user() !== null;
    }

    public function guest()
    {
        return $this->user() === null;
    }

    public function user()
    {
        if (!$this->asked) {
            $this->asked = true;
            $own = $this->own();
            $provider = method_exists($own, 'getProvider') ? $own->getProvider() : null;
            $this->user = $provider ? $provider->retrieveById($this->id) : $own->user();
        }

        return $this->user;
    }

    public function id()
    {
        return $this->asked ? $this->user?->getAuthIdentifier() : $this->id;
    }

    public function validate(array $credentials = [])
    {
        return $this->own()->validate($credentials);
    }

    public function hasUser()
    {
        return $this->user !== null;
    }

    public function setUser(Authenticatable $user)
    {
        [$this->user, $this->asked] = [$user, true];

        return $this;
    }

    public function __call(string $method, array $arguments): mixed
    {
        $own = $this->own();
        if (!$this->asked && ($user = $this->user()) !== null && method_exists($own, 'setUser')) {
            $own->setUser($user);
        }

        return $own->$method(...$arguments);
    }

    private function own(): object
    {
        $name = $this->name;

        return $this->own ??= (fn (): object => $this->resolve($name))->call($this->auth);
    }
}
