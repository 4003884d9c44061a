<?php

declare(strict_types=1);

namespace Rserverd\Server;

use Illuminate\Contracts\Session\Session;

/** The session of an upgrade: the routes have saved it already; what onOpen put there is saved as well. */
final class OpenSession
{
    /** @var array<string, mixed> */
    private readonly array $saved;

    public function __construct(private readonly Session $session)
    {
        $this->saved = $session->all();
    }

    public function save(): void
    {
        if ($this->session->all() === $this->saved) {
            return;
        }
        // Saved twice, it must not grow old twice: what the route flashed is for the next request.
        method_exists($this->session, 'reflash') && $this->session->reflash();
        $this->session->save();
    }
}
