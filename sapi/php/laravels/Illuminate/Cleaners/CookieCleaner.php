<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Illuminate\Cleaners;

use Illuminate\Container\Container;
use Rserverd\Laravel\ObjectState;

/** The cookie jar: what was queued and not sent, and defaults that a request set. */
class CookieCleaner extends BaseCleaner
{
    /** @var ObjectState|null */
    private $state;

    public function __construct(Container $currentApp, Container $snapshotApp)
    {
        parent::__construct($currentApp, $snapshotApp);
        $jar = $this->existing('cookie');
        $this->state = $jar ? new ObjectState($jar, with: ['queued' => []]) : null;
    }

    public function clean()
    {
        $this->state?->restore();
    }
}
