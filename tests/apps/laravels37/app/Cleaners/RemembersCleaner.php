<?php

declare(strict_types=1);

namespace App\Cleaners;

use App\Services\Remembers;
use Hhxsv5\LaravelS\Illuminate\Cleaners\BaseCleaner;

class RemembersCleaner extends BaseCleaner
{
    public function clean()
    {
        if ($this->currentApp !== $this->snapshotApp && $this->snapshotApp->bound('config')) {
            $this->currentApp->make(Remembers::class)->requests = 0;
        }
    }
}
