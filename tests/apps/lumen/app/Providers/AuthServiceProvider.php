<?php

declare(strict_types=1);

namespace App\Providers;

use App\Models\User;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Gate;
use Illuminate\Support\ServiceProvider;

class AuthServiceProvider extends ServiceProvider
{
    public function boot()
    {
        $this->app->make('auth')->viaRequest('api', static function (Request $request): ?User {
            $token = $request->bearerToken() ?: $request->input('api_token');

            return $token ? User::where('api_token', $token)->first() : null;
        });
        Gate::define('be-alice', static fn (User $user): bool => $user->name === 'Alice');
    }
}
