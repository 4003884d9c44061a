<?php

declare(strict_types=1);

namespace App\Providers;

use App\Services\EventRecorder;
use Illuminate\Foundation\Support\Providers\EventServiceProvider as BaseProvider;

class EventServiceProvider extends BaseProvider
{
    protected $listen = [
        'laravels.received_request' => [EventRecorder::class . '@received'],
        'laravels.generated_response' => [EventRecorder::class . '@generated'],
    ];

    /** Without the test routes nobody listens: this is also the application that is measured. */
    public function listens()
    {
        return config('app.test_routes') ? $this->listen : [];
    }
}
