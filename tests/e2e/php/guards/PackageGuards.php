<?php

declare(strict_types=1);

namespace App\Providers;

use App\Models\User;
use Illuminate\Auth\GuardHelpers;
use Illuminate\Auth\RequestGuard;
use Illuminate\Contracts\Auth\Guard;
use Illuminate\Contracts\Auth\UserProvider;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\ServiceProvider;

/*
 * Guards as packages for tokens make them, each with the state that such packages are known to keep: a RequestGuard that asks the session's
 * guard first and marks the user with its token; a RequestGuard with a service that remembers what it has validated; a guard of its own
 * with a service for signed tokens that keeps request and token.
 */
final class PackageGuards extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton('guards.server', static fn () => new class {
            /** @var array<string, User> */
            public array $validated = [];
            public ?User $last = null;

            public function user(Request $request): ?User
            {
                $token = (string) $request->bearerToken();

                return $this->last = $token === '' ? $this->last : $this->validated[$token] ??= User::where('api_token', $token)->first();
            }
        });
        $this->app->singleton('guards.signed', static fn ($app) => new SignedTokens($app['request']));
        $this->app->rebinding('request', static fn ($app, $request) => $app['guards.signed']->request = $request);
    }

    public function boot(): void
    {
        // Made before any request, and the same ones in all of them.
        $this->app->make('guards.server');
        $this->app->make('guards.signed');
        Auth::extend('personal', fn ($app, $name, $config) => $this->requestGuard(static function (Request $request) {
            if ($user = Auth::guard('web')->user()) {
                return $user->setRelation('accessToken', 'session');
            }
            $user = User::where('api_token', (string) $request->bearerToken())->first();

            return $user?->setRelation('accessToken', $request->bearerToken());
        }));
        Auth::extend('server', fn ($app, $name, $config) => $this->requestGuard(static fn (Request $request) => $app['guards.server']->user($request)));
        Auth::extend('signed', static fn ($app, $name, $config) => new SignedGuard($app['guards.signed'], Auth::createUserProvider($config['provider'])));
    }

    private function requestGuard(callable $find): RequestGuard
    {
        $guard = new RequestGuard($find, $this->app['request'], Auth::createUserProvider('users'));
        $this->app->refresh('request', $guard, 'setRequest');

        return $guard;
    }
}

final class SignedTokens
{
    public ?string $token = null;

    public function __construct(public Request $request)
    {
    }

    public static function make(string $mail): string
    {
        return base64_encode($mail) . '.' . hash_hmac('sha256', $mail, 'key');
    }

    public function subject(): ?string
    {
        $this->token ??= $this->request->bearerToken();
        [$mail, $signature] = explode('.', (string) $this->token, 2) + [1 => ''];
        $mail = (string) base64_decode($mail);

        return hash_equals(hash_hmac('sha256', $mail, 'key'), $signature) ? $mail : null;
    }
}

final class SignedGuard implements Guard
{
    use GuardHelpers;

    public function __construct(private SignedTokens $tokens, UserProvider $provider)
    {
        $this->provider = $provider;
    }

    public function user()
    {
        return $this->user ??= ($mail = $this->tokens->subject()) ? $this->provider->retrieveByCredentials(['email' => $mail]) : null;
    }

    public function validate(array $credentials = [])
    {
        return false;
    }
}
